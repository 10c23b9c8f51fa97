/** Shows the server's own description of its API (OpenAPI 3.0) as a page to read. */

import { byId, h } from "/static/chat/shared/dom.js";
import { bird } from "/static/chat/shared/icons.js";

/** @typedef {Record<string, any>} Schema */
/** @typedef {{method: string, path: string, operation: Schema}} Route */

const REFERENCE = "#/components/schemas/";
const WIDE = "(min-width: 900px)";
/** Larger limits are those of a database, and nobody's business. */
const ENDLESS = 1e9;
const TAGS = { chat: "Chat: the customer's page", desk: "Desk: agents and their programs" };
/** Said in words where a pattern would only be a riddle. */
const PATTERNS = new Map([
  ["[^\\s\\u001c-\\u001f\\u0085]", "not blank"],
  ["^[0-9A-Za-z_.-]{1,40}$", "id"],
  ["^20[0-9][0-9]-", "2000 to 2099"],
]);

/** @param {string} text with `code` in it */
function inline(text) {
  return text.split("`").map((part, place) => (place % 2 === 1 ? h("code", {}, part) : part));
}

/** @param {string} text paragraphs, lists, and examples that are indented by four spaces */
function prose(text) {
  return text.split("\n\n").map((block) => {
    if (block.startsWith("    ")) return h("pre", {}, block.replaceAll(/^ {4}/gm, ""));
    if (!block.startsWith("- ")) return h("p", {}, ...inline(block.replaceAll("\n", " ")));
    const items = block.slice(2).split("\n- ");
    return h("ul", {}, ...items.map((item) => h("li", {}, ...inline(item.replaceAll(/\n\s*/g, " ")))));
  });
}

/** @param {string} reference */
function modelLink(reference) {
  const name = reference.slice(REFERENCE.length);
  return h("a", { href: `#model-${name}` }, name);
}

/**
 * What a value is, in words.
 *
 * @param {Schema} schema
 * @returns {import("/static/chat/shared/dom.js").Child[]}
 */
function kind(schema) {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  const orNull = schema.nullable ? [" or null"] : [];
  if (reference !== undefined) return [modelLink(reference), ...orNull];
  if (schema.type === "array") return ["list of ", ...kind(schema.items)];
  const values = schema.enum?.filter((/** @type {unknown} */ value) => value !== null);
  if (values !== undefined) {
    return [...values.flatMap((/** @type {unknown} */ value, /** @type {number} */ place) => [place > 0 && ", ", h("code", {}, String(value))]), ...orNull];
  }
  const { minimum, maximum, maxLength, pattern } = schema;
  const type = schema.format === "date-time" ? "moment" : { string: "text", boolean: "true or false", integer: "number" }[schema.type] ?? schema.type;
  const limits = [
    PATTERNS.get(pattern),
    maxLength !== undefined && `at most ${maxLength.toLocaleString("en")} characters`,
    minimum !== undefined && (maximum < ENDLESS ? `${minimum} to ${maximum.toLocaleString("en")}` : `from ${minimum}`),
    schema.default !== undefined && schema.default !== "" && `else ${schema.default}`,
  ].filter(Boolean);
  return [[type + (orNull[0] ?? ""), ...limits].join(", ")];
}

/**
 * @param {{name: string, schema: Schema, text?: string, required: boolean, where?: string}[]} fields
 * @param {boolean} asked whether it is something to send, where it matters what may be left out
 */
function fieldList(fields, asked) {
  return h(
    "dl",
    { class: "fields" },
    ...fields.map(({ name, schema, text, required, where }) =>
      h(
        "div",
        {},
        h("dt", {}, h("code", {}, name), asked && required && !where && h("span", { class: "needed" }, "needed"), where && h("span", { class: "where" }, where)),
        h("dd", {}, h("span", { class: "kind" }, ...kind(schema)), text && h("span", { class: "text" }, ...inline(text))),
      ),
    ),
  );
}

/**
 * @param {Schema} model
 * @param {boolean} asked
 */
function modelFields(model, asked) {
  const needed = new Set(model.required ?? []);
  const fields = Object.entries(model.properties ?? {}).map(([name, schema]) => ({
    name,
    schema,
    text: schema.description,
    required: needed.has(name),
    where: asked || needed.has(name) ? undefined : "may be missing",
  }));
  return fieldList(fields, asked);
}

class Page {
  /** @param {Schema} description */
  constructor(description) {
    this.description = description;
    this.models = description.components.schemas;
    /** @type {Map<string, Route[]>} */
    this.routes = new Map(Object.keys(TAGS).map((tag) => [tag, []]));
    for (const [path, methods] of Object.entries(description.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const tag = operation.tags[0];
        this.routes.set(tag, [...(this.routes.get(tag) ?? []), { method: method.toUpperCase(), path, operation }]);
      }
    }
  }

  draw() {
    byId("version").textContent = `version ${this.description.info.version}`;
    const sections = [...this.routes].map(([tag, routes]) =>
      h("section", {}, h("h2", { id: tag }, TAGS[tag] ?? tag), ...routes.map((route) => this.route(route))),
    );
    byId("content").append(h("section", { class: "about" }, ...prose(this.description.info.description)), this.access(), ...sections, this.modelList());
    byId("links").append(...this.links());
  }

  links() {
    /** @param {string} id @param {string} title @param {(Node | string)[][]} entries */
    const group = (id, title, entries) => [
      h("h2", {}, h("a", { href: `#${id}` }, title)),
      h("ul", {}, ...entries.map((entry) => h("li", {}, ...entry))),
    ];
    const routes = [...this.routes].flatMap(([tag, all]) =>
      group(tag, tag[0].toUpperCase() + tag.slice(1), all.map(({ operation }) => [h("a", { href: `#${operation.operationId}` }, operation.summary)])),
    );
    const models = Object.keys(this.models).map((name) => [modelLink(REFERENCE + name)]);
    return [h("ul", {}, h("li", {}, h("a", { href: "#access" }, "Who may use it"))), ...routes, ...group("models", "Models", models)];
  }

  access() {
    const schemes = Object.entries(this.description.components.securitySchemes);
    return h(
      "section",
      {},
      h("h2", { id: "access" }, "Who may use it"),
      h(
        "dl",
        { class: "fields" },
        ...schemes.map(([name, scheme]) => {
          const carrier = scheme.type === "http" ? "Authorization: Bearer …" : `${scheme.in} ${scheme.name}`;
          return h(
            "div",
            {},
            h("dt", {}, h("code", {}, name)),
            h("dd", {}, h("span", { class: "kind" }, carrier), h("span", { class: "text" }, ...inline(scheme.description))),
          );
        }),
      ),
    );
  }

  /** @param {Route} route */
  route({ method, path, operation }) {
    const body = operation.requestBody?.content["application/json"].schema.$ref;
    const asked = operation.parameters.map((/** @type {Schema} */ parameter) => ({
      name: parameter.name,
      schema: parameter.schema,
      text: parameter.description,
      required: parameter.required,
      where: `in the ${parameter.in}`,
    }));
    return h(
      "article",
      { id: operation.operationId },
      h("h3", {}, operation.summary),
      h("p", { class: "call" }, h("span", { class: `method ${method.toLowerCase()}` }, method), h("code", {}, ...breakable(path))),
      ...(operation.description ? prose(operation.description) : []),
      h("p", { class: "by" }, ...this.needs(operation.security)),
      asked.length > 0 && h("h4", {}, "Parameters"),
      asked.length > 0 && fieldList(asked, true),
      body && h("h4", {}, "Body: ", modelLink(body)),
      body && modelFields(this.models[body.slice(REFERENCE.length)], true),
      h("h4", {}, "Answers"),
      this.answers(operation.responses),
    );
  }

  /** @param {Record<string, never[]>[]} security */
  needs(security) {
    if (security.length === 0) return ["Open to anybody."];
    const ways = security.map((all) => Object.keys(all).map((name) => `\`${name}\``).join(" and "));
    return [h("a", { href: "#access" }, "Needs"), ...inline(` ${ways.join(", or ")}.`)];
  }

  /** @param {Record<string, Schema>} responses */
  answers(responses) {
    const entries = Object.entries(responses);
    const done = entries.filter(([status]) => status < "300");
    const refused = entries.filter(([status]) => status >= "300");
    return h(
      "div",
      { class: "answers" },
      ...done.flatMap(([status, { description, content }]) => {
        const json = content["application/json"];
        const head = h("p", {}, h("code", { class: "status good" }, status), " ", description, " ", json ? modelLink(json.schema.$ref) : "Server-sent events:");
        const events = Object.entries(content["text/event-stream"]?.["x-events"] ?? {});
        if (events.length === 0) return [head];
        return [head, fieldList(events.map(([name, schema]) => ({ name, schema, required: false })), false)];
      }),
      refused.length > 0 &&
        h(
          "details",
          {},
          h("summary", {}, "Refusals ", ...refused.flatMap(([status]) => [h("code", { class: "status" }, status), " "])),
          h("ul", {}, ...refused.map(([status, { description, content }]) =>
            h("li", {}, h("code", { class: "status" }, status), " ", ...inline(description), " ", modelLink(content["application/json"].schema.$ref)),
          )),
        ),
    );
  }

  modelList() {
    return h(
      "section",
      {},
      h("h2", { id: "models" }, "Models"),
      ...Object.entries(this.models).map(([name, model]) =>
        h("article", { id: `model-${name}` }, h("h3", {}, name), ...prose(model.description ?? ""), modelFields(model, model.additionalProperties === false)),
      ),
    );
  }
}

/** @param {string} path an address which may be broken before each slash */
function breakable(path) {
  return path.split(/(?=\/)/).flatMap((part) => [h("wbr"), part]);
}

async function start() {
  byId("mark").append(bird());
  const contents = /** @type {HTMLDetailsElement} */ (byId("contents"));
  const wide = matchMedia(WIDE);
  contents.open = wide.matches;
  wide.addEventListener("change", () => {
    contents.open = wide.matches;
  });
  byId("links").addEventListener("click", () => {
    if (!wide.matches) contents.open = false;
  });
  try {
    const answer = await fetch("/api/v1/openapi.json");
    if (!answer.ok) throw new Error(String(answer.status));
    new Page(await answer.json()).draw();
  } catch {
    byId("problem").hidden = false;
    return;
  }
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

void start();
