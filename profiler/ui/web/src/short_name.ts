// A function's name for little room: what tells it apart, without parameters and template arguments.
// Names are C++ and Rust as demanglers print them. Pure.

const OPERATORS = String.raw`\(\)|\[\]|<=>|<<=?|>>=?|->\*?|&&|\|\||\+\+|--|[-+*/%^&|~!=<>,]=?`;
// What is kept as it is although it has brackets: namespaces, lambdas and operators.
const KEPT = new RegExp(
  String.raw`\(anonymous namespace\)|\{[^}]*\}|\boperator *(?:${OPERATORS})`,
  "y",
);

export function short_name(name: string): string {
  // Templates are printed with the type they return in front.
  const has_type = name.includes("<") && name.includes("(") && !name.startsWith("<");
  let out = "";
  for (let at = 0; at < name.length;) {
    KEPT.lastIndex = at;
    const kept = KEPT.exec(name)?.[0];
    if (kept) {
      out += kept;
      at += kept.length;
      if (name.startsWith(" <", at)) at++;
    } else if (name[at] === "(" && out !== "") {
      at = end_of(name, at, "(", ")");
      // What follows the parameters is "const", or something that is defined within the function.
      if (!name.startsWith("::", at)) return out;
    } else if (name[at] === "<" && /(?:\w|operator\S*)$/.test(out)) {
      out += "<…>";
      at = end_of(name, at, "<", ">");
    } else if (name[at] === " " && has_type && !out.endsWith("operator")) {
      out = "";
      at++;
    } else out += name[at++];
  }
  return out;
}

/** Behind the bracket that closes the one at `at`. */
function end_of(name: string, at: number, open: string, close: string): number {
  let depth = 0;
  for (; at < name.length; at++) {
    if (name[at] === open) depth++;
    if (name[at] === close && name[at - 1] !== "-" && --depth === 0) return at + 1;
  }
  return at;
}
