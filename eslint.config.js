import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/node_modules/", "var/", "**/.venv/"] },
  js.configs.recommended,
  {
    files: ["*/static/**/*.js"],
    languageOptions: { sourceType: "module", globals: globals.browser },
  },
  {
    files: ["*.js", "tests/**/*.js", "benchmarks/**/*.mjs"],
    languageOptions: { sourceType: "module", globals: globals.node },
  },
  {
    // What tests put into pages.
    files: ["tests/browser/**/*.js"],
    languageOptions: { globals: globals.browser },
  },
  {
    rules: {
      eqeqeq: "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-var": "error",
      "prefer-const": "error",
      // What the content security policy forbids, or what puts text into HTML.
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-restricted-syntax": [
        "error",
        {
          selector: "AssignmentExpression[left.property.name=/^(inner|outer)HTML$/]",
          message: "Build nodes or a lit template; text must never become HTML.",
        },
      ],
    },
  },
  {
    // One place decides how and when to connect.
    files: ["*/static/**/*.js"],
    ignores: ["realtime/static/realtime/connect.js"],
    rules: {
      "no-restricted-globals": [
        "error",
        { name: "WebSocket", message: "Only realtime/connect.js opens sockets." },
      ],
    },
  },
];
