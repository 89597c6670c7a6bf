/**
 * Lets node find our modules by the names of the browser's import map, and fails a test file that runs no test: `node
 * --import=./tests/js/resolve.js --test …`.
 */
import { register } from "node:module";
import { beforeEach } from "node:test";

const hooks = `
  const root = ${JSON.stringify(new URL("../../", import.meta.url).href)};
  export async function resolve(specifier, context, next) {
    const own = /^(realtime|web|chat|roulette|boards|walls)\\/.+\\.js$/.exec(specifier);
    return next(own ? new URL(own[1] + "/static/" + specifier, root).href : specifier, context);
  }
`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

const file = process.argv[1] ?? "";
if (file.endsWith(".test.js")) {
  let ran = 0;
  beforeEach(() => {
    ran += 1;
  });
  process.on("exit", () => {
    if (ran) return;
    console.error(`${file} ran no test.`);
    process.exitCode = 1;
  });
}
