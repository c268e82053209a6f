import type { paths } from "./schema.js";

/**
 * The routes of openapi.yaml as types, so that every JSON route can be called by its path, also one that has no method of
 * its own in `Client`.
 */

type JsonAnswer<Operation> = Operation extends { responses: infer Responses }
  ? { [Status in keyof Responses]: Status extends 200 | 201
      ? Responses[Status] extends { content: { "application/json": infer Json } } ? Json : never
      : never }[keyof Responses]
  : never;

type Parameters_<Operation, Where extends string> = Operation extends { parameters: infer Given }
  ? Where extends keyof Given ? NonNullable<Given[Where]> : never
  : never;

/** A route of openapi.yaml that answers `GET` with JSON, e.g. `/v1/bundles/{id}/receipts`. */
export type GetPath = {
  [Path in keyof paths]: [JsonAnswer<paths[Path]["get"]>] extends [never] ? never : Path;
}[keyof paths];

/** What the route answers. */
export type GetAnswer<Path extends GetPath> = JsonAnswer<paths[Path]["get"]>;

type Given<Name extends string, Value> = [Value] extends [never] ? { readonly [N in Name]?: never }
  : Partial<Value> extends Value ? { readonly [N in Name]?: Value } : { readonly [N in Name]: Value };

/** The parameters of the route, in its path and its query. */
export type GetParameters<Path extends GetPath> = Given<"path", Parameters_<paths[Path]["get"], "path">> &
  Given<"query", Parameters_<paths[Path]["get"], "query">>;

/** The target of a request: each `{name}` replaced, what is undefined left out of the query. */
export function targetOf(
  template: string,
  path: Readonly<Record<string, unknown>> = {},
  query: Readonly<Record<string, unknown>> = {},
): string {
  const target = template.replace(/\{([a-z_]+)\}/g, (_, name: string) => {
    const value = path[name];
    if (typeof value !== "string" || value === "" || value === "." || value === "..") throw new TypeError(`${name} is needed`);
    return encodeURIComponent(value);
  });
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  if (given.length === 0) return target;
  return `${target}?${given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&")}`;
}
