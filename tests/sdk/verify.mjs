// Reads `{"key", "secret", "tokens"}` and prints what LiveKit's official SDK for Node believes each token
// to say. Ends with an error when it does not believe one.
import { readFileSync } from "node:fs";
import { RoomConfiguration, TokenVerifier } from "livekit-server-sdk";

const { key, secret, tokens } = JSON.parse(readFileSync(0, "utf8"));
const verifier = new TokenVerifier(key, secret);
const read = tokens.map(async (token) => {
  const claims = await verifier.verify(token);
  return {
    identity: claims.sub,
    name: claims.name ?? "",
    metadata: claims.metadata ?? "",
    attributes: claims.attributes ?? {},
    video: claims.video,
    roomConfig: RoomConfiguration.fromJson(claims.roomConfig ?? {}).toJson(),
  };
});
console.log(JSON.stringify(await Promise.all(read)));
