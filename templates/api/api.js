// Shows /openapi.json. Text from it is only ever set as text.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter((child) => child !== null));
  return made;
};

// Text with `code` in it.
const prose = (text) =>
  (text ?? "").split("`").map((part, i) => (i % 2 ? element("code", { textContent: part }) : part));

const resolve = (api, schema) =>
  schema?.$ref ? schema.$ref.split("/").slice(1).reduce((at, key) => at?.[key], api) : schema;

// An example of a value with this schema, for people to read.
const example = (api, given, depth = 0) => {
  const schema = resolve(api, given);
  if (!schema || depth > 6) return null;
  if (schema.example !== undefined) return schema.example;
  if (schema.examples?.length) return schema.examples[0];
  if (schema.default !== undefined && schema.default !== null) return schema.default;
  if (schema.enum) return schema.enum[0];
  const parts = schema.allOf ?? schema.oneOf ?? schema.anyOf;
  if (parts) {
    const values = parts.map((part) => example(api, part, depth + 1)).filter((value) => value !== null);
    return schema.allOf ? Object.assign({}, ...values) : (values[0] ?? null);
  }
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== "null") : schema.type;
  switch (type) {
    case "object":
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, of]) => [name, example(api, of, depth + 1)]),
      );
    case "array":
      return [example(api, schema.items, depth + 1)];
    case "integer":
    case "number":
      return schema.minimum ?? 0;
    case "boolean":
      return true;
    case "string":
      return schema.format === "date-time" ? "2026-01-31T12:00:00.000Z" : "…";
    default:
      return null;
  }
};

// What a value may be, in words.
const kind = (api, given) => {
  const schema = resolve(api, given);
  const parts = schema?.oneOf ?? schema?.anyOf ?? schema?.allOf;
  if (parts) return [...new Set(parts.map((part) => kind(api, part)))].join(" or ");
  if (schema?.enum) return schema.enum.map((word) => JSON.stringify(word)).join(" or ");
  const types = [schema?.type ?? "anything"].flat();
  return types.map((type) => (type === "array" ? `list of ${kind(api, schema.items)}` : type)).join(" or ");
};

// The fields of each shape that a body can have.
const fields = (api, given) => {
  const schema = resolve(api, given);
  const parts = schema?.oneOf ?? schema?.anyOf ?? schema?.allOf;
  if (parts) return parts.flatMap((part) => fields(api, part));
  if (!schema?.properties) return [];
  const rows = Object.entries(schema.properties).map(([name, of]) => {
    const required = schema.required?.includes(name) ? ", required" : "";
    const about = of.description ?? resolve(api, of)?.description;
    return row([element("code", { textContent: name })], [`${kind(api, of)}${required}`], prose(about));
  });
  return [table(...rows)];
};

// Short values on one line.
const written = (value) => {
  if (typeof value === "string") return value;
  const line = JSON.stringify(value);
  return line.length > 60 ? JSON.stringify(value, null, 2) : line;
};

// Each of several shapes is shown.
const examples = (api, given) => {
  const schema = resolve(api, given);
  const whole = schema?.oneOf && schema.example === undefined ? schema.oneOf : [given];
  return whole.map((one) => example(api, one));
};

const bodies = (api, content) =>
  Object.entries(content ?? {}).map(([type, { schema, example: given }]) => {
    const shown = given === undefined ? examples(api, schema) : [given];
    const texts = shown.map((value) => element("pre", { textContent: written(value) }));
    return element("div", {}, element("code", { textContent: type }), ...texts);
  });

const row = (...cells) => element("tr", {}, ...cells.map((cell) => element("td", {}, ...cell)));

// On a narrow screen, the table scrolls and not the page.
const table = (...rows) => element("div", { className: "table" }, element("table", {}, ...rows));

const parameters = (list) =>
  list?.length
    ? table(
        ...list.map((p) =>
          row([element("code", { textContent: p.name })], [`${p.in}${p.required ? ", required" : ""}`], prose(p.description)),
        ),
      )
    : null;

const answers = (api, responses) =>
  table(
    ...Object.entries(responses).map(([status, given]) => {
      const response = resolve(api, given);
      return row(
        [element("code", { textContent: status })],
        [...prose(response.description), ...bodies(api, response.content)],
      );
    }),
  );

const operation = (api, path, method, op, id) => {
  const open = op.security?.length === 0 || (!op.security && !api.security);
  const request = resolve(api, op.requestBody);
  return element(
    "details",
    id ? { id } : {},
    element(
      "summary",
      {},
      element("span", { className: `method ${method}`, textContent: method.toUpperCase() }),
      element("code", { textContent: path }),
      element("span", { className: "about" }, ...prose(op.summary)),
      element("span", { className: "lock", textContent: open ? "public" : "" }),
    ),
    element(
      "div",
      {},
      op.description ? element("p", {}, ...prose(op.description)) : null,
      op.parameters?.length ? element("h3", { textContent: "Parameters" }) : null,
      parameters(op.parameters),
      request ? element("h3", { textContent: "Body" }) : null,
      request?.description ? element("p", {}, ...prose(request.description)) : null,
      ...bodies(api, request?.content),
      ...fields(api, Object.values(request?.content ?? {})[0]?.schema),
      element("h3", { textContent: "Answers" }),
      answers(api, op.responses ?? {}),
    ),
  );
};

const matches = (words, path, method, op) => {
  const text = [path, method, op.summary, op.description, ...(op.tags ?? [])].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
};

const show = (api, find) => {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = new Map((api.tags ?? []).map((tag) => [tag.name, { about: tag.description ?? "", operations: [] }]));
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((name) => item[name])) {
      const op = item[method];
      if (!matches(words, path, method, op)) continue;
      (op.tags ?? ["other"]).forEach((tag, i) => {
        if (!groups.has(tag)) groups.set(tag, { about: "", operations: [] });
        // One that two apps share can be linked to where it comes first.
        groups.get(tag).operations.push(operation(api, path, method, op, i === 0 ? op.operationId : ""));
      });
    }
  }
  const shown = [...groups].filter(([, group]) => group.operations.length);
  const parts = shown.flatMap(([name, group]) => [
    element("h2", { textContent: name }),
    element("p", {}, ...prose(group.about)),
    ...group.operations,
  ]);
  document.getElementById("main").replaceChildren(...(parts.length ? parts : [element("p", { textContent: "Nothing found." })]));
};

// `#createRoom` is that operation.
const openLinked = () => {
  const linked = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (linked?.tagName !== "DETAILS") return;
  linked.open = true;
  linked.scrollIntoView();
};

const start = async () => {
  try {
    const answer = await fetch("/openapi.json");
    if (!answer.ok) throw new Error(`/openapi.json answers ${answer.status}`);
    const api = await answer.json();
    document.getElementById("version").textContent = api.info.version;
    const find = document.getElementById("find");
    find.value = new URLSearchParams(location.search).get("find") ?? find.value;
    find.addEventListener("input", () => show(api, find.value));
    show(api, find.value);
    openLinked();
    addEventListener("hashchange", openLinked);
  } catch (problem) {
    document.getElementById("main").textContent = String(problem);
  }
};

start();
