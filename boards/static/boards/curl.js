/** A shell command that pushes a value to a stream. */

/** An example value for each kind of stream. */
const EXAMPLES = { number: "42", text: '"hello"', status: '"ok"', table: '{"A": {"price": 1}}', series: "[]" };

/** @param {{slug: string, kind: import("./state/board-state.js").Kind}} stream */
export const curlCommand = ({ slug, kind }, origin = location.origin) =>
  `curl -X POST ${origin}/api/streams/${slug}/ -H 'Authorization: Bearer TOKEN' -d '{"value": ${EXAMPLES[kind]}}'`;
