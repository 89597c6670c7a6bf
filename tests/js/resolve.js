/**
 * Lets node find our modules by the bare names that the import map gives them in a browser:
 * `node --import=./tests/js/resolve.js --test …`.
 */
import { register } from "node:module";

const hooks = `
  const root = ${JSON.stringify(new URL("../../", import.meta.url).href)};
  export async function resolve(specifier, context, next) {
    const own = /^(realtime|web|chat|boards|walls)\\/.+\\.js$/.exec(specifier);
    return next(own ? new URL(own[1] + "/static/" + specifier, root).href : specifier, context);
  }
`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
