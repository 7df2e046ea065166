// The picture that a participant sends: who it is and when it was painted, in black and white cells that outlive
// scaling and compression, and below them a line for people.
//
// 48 cells: 8 bits of the sender's number, 24 of the clock in milliseconds, 16 of a checksum over both. A picture
// that does not check is not read: it is never taken for another sender's, or for another time.

const COLUMNS = 8;
const ROWS = 6;
const DAY_PART = 2 ** 24;

// How much of the height the cells take; the rest is the line for people.
const CELLS = 0.8;

// Pictures are read at this size, whatever they came in: that of the smallest simulcast layer.
const [WIDTH, HEIGHT] = [160, 90];

/// The shared clock: milliseconds of this machine.
export const now = () => performance.timeOrigin + performance.now();

/// Milliseconds between a time in a picture and a time of the shared clock; pictures know 4.6 hours.
export function since(time, at) {
  const passed = (((at - time) % DAY_PART) + DAY_PART) % DAY_PART;
  return passed > DAY_PART / 2 ? passed - DAY_PART : passed;
}

/// The bits of a picture.
export function encode(sender, time) {
  const whole = Math.floor(time) % DAY_PART;
  const bytes = [sender, whole >>> 16, (whole >>> 8) & 255, whole & 255];
  const check = checksum(bytes);
  return [...bytes, check >>> 8, check & 255].flatMap((byte) =>
    Array.from({ length: 8 }, (_, bit) => (byte >> (7 - bit)) & 1),
  );
}

/// Who painted it and when, or nothing where it does not check.
export function decode(bits) {
  const bytes = Array.from({ length: ROWS }, (_, row) =>
    bits.slice(row * 8, row * 8 + 8).reduce((byte, bit) => byte * 2 + bit, 0),
  );
  const [sender, high, middle, low, ...check] = bytes;
  if (checksum(bytes.slice(0, 4)) !== check[0] * 256 + check[1]) return null;
  return { sender, time: (high << 16) | (middle << 8) | low };
}

// CRC-16 with the polynomial of CCITT.
function checksum(bytes) {
  let sum = 0xffff;
  for (const byte of bytes) {
    sum ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) sum = ((sum << 1) ^ (sum & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return sum;
}

/// Paints a picture onto the whole canvas.
export function paint(canvas, sender, time, { name, colour }) {
  const pen = canvas.getContext('2d');
  const [width, height] = [canvas.width / COLUMNS, (canvas.height * CELLS) / ROWS];
  pen.fillStyle = 'black';
  pen.fillRect(0, 0, canvas.width, canvas.height * CELLS);
  pen.fillStyle = 'white';
  encode(sender, time).forEach((bit, cell) => {
    if (bit) pen.fillRect((cell % COLUMNS) * width, Math.floor(cell / COLUMNS) * height, width, height);
  });
  pen.fillStyle = colour;
  pen.fillRect(0, canvas.height * CELLS, canvas.width, canvas.height * (1 - CELLS));
  pen.fillStyle = 'white';
  pen.font = `600 ${Math.round(canvas.height * 0.12)}px system-ui, sans-serif`;
  pen.textBaseline = 'middle';
  const line = canvas.height * (1 + CELLS) / 2;
  pen.fillText(name, canvas.width * 0.03, line);
  const clock = new Date(time).toISOString().slice(11, 23);
  pen.fillText(clock, canvas.width * 0.97 - pen.measureText(clock).width, line);
}

const reader = new OffscreenCanvas(WIDTH, HEIGHT).getContext('2d', { willReadFrequently: true });

/// Reads a picture from a video or canvas.
export function read(source) {
  reader.drawImage(source, 0, 0, WIDTH, HEIGHT);
  const rows = Math.round(HEIGHT * CELLS);
  const { data } = reader.getImageData(0, 0, WIDTH, rows);
  const [width, height] = [WIDTH / COLUMNS, rows / ROWS];
  return decode(Array.from({ length: COLUMNS * ROWS }, (_, cell) => {
    const left = (cell % COLUMNS) * width;
    const top = Math.floor(cell / COLUMNS) * height;
    return brightness(data, left + width / 4, top + height / 4, width / 2, height / 2) > 127 ? 1 : 0;
  }));
}

// The middle of a cell: its edges are blurred.
function brightness(data, left, top, width, height) {
  let [sum, pixels] = [0, 0];
  for (let y = Math.ceil(top); y < top + height; y++) {
    for (let x = Math.ceil(left); x < left + width; x++) {
      const at = (y * WIDTH + x) * 4;
      sum += data[at] + data[at + 1] + data[at + 2];
      pixels += 3;
    }
  }
  return sum / pixels;
}
