// Checks KQL queries with Microsoft's language service (npm @kusto/language-service-next).
//
// Called as `node kql_language.mjs <folder with node_modules>`. The first line of the input is the
// schema as JSON, {table: {column: type}}, and is answered by {"ready": true}; a name with
// parentheses, `_Im_Dns()`, is a function that returns such a table. Every further line is
// {"id", "query"}, answered by one line {"id", "diagnostics", "patterns"}: what the service says, what
// it lets through though the query can't mean it, and the literal patterns of `matches regex`, with
// their places, for a check by a regex engine.
import { createRequire } from "node:module";
import { isIP } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

const load = createRequire(join(process.argv[2], "node_modules", "here.js"));
load("@kusto/language-service-next/bridge.min.js");
load("@kusto/language-service-next/Kusto.Language.Bridge.min.js");
const { GlobalState, KustoCode, Symbols, Syntax } = globalThis.Kusto.Language;

const NUMBERS = new Set(["int", "long", "real", "decimal"]);
const NO_COMPARISONS = /^(And|Or|Add|Subtract|Multiply|Divide|Modulo)Expression$/;
const EQUALITIES = /^(Equal|NotEqual|EqualTilde|BangTilde|(Not)?In(Cs)?)Expression$/;
// https://learn.microsoft.com/kusto/query/ipv4-is-in-range-function, and ipv6-is-in-range-function,
// whose arguments may be of either family.
const ADDRESS_FAMILIES = {
  ipv4_is_in_range: [4],
  ipv4_is_in_any_range: [4],
  ipv4_is_match: [4],
  ipv6_is_in_range: [4, 6],
  ipv6_is_in_any_range: [4, 6],
  ipv6_is_match: [4, 6],
};

function globalsFor(schema) {
  const members = [];
  for (const [name, columns] of Object.entries(schema)) {
    const list = Object.entries(columns).map(
      ([column, type]) => `['${column.replace(/[\\']/g, "\\$&")}']:${type}`,
    );
    const [, plain, parameters] = /^([^(]*)(\(.*\))?$/.exec(name);
    const table = Symbols.TableSymbol.From(`(${list.join(", ")})`);
    if (parameters) {
      members.push(table.WithName(`${plain}_returns`));
      // This overload takes name, parameter list, body and description as text.
      const body = `{ ['${plain}_returns'] }`;
      members.push(new Symbols.FunctionSymbol.$ctor16(plain, parameters, body, null));
    } else {
      members.push(table.WithName(plain));
    }
  }
  return GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor1("database", members));
}

function kindOf(node) {
  return globalThis.System.Enum.toString(Syntax.SyntaxKind, node.Kind);
}

function bare(node) {
  let inner = node;
  while (inner && kindOf(inner) === "ParenthesizedExpression") inner = inner.Expression;
  return inner;
}

function isStringLiteral(node) {
  const kind = kindOf(node);
  return kind === "StringLiteralExpression" || kind === "CompoundStringLiteralExpression";
}

function typeOf(node) {
  return node.ResultType ? node.ResultType.Name : "unknown";
}

// The elements of an expression list, without its commas.
function elements(list) {
  const found = [];
  for (let index = 0; index < list.Count; index += 1) found.push(bare(list.getItem(index).Element));
  return found;
}

function valuesOf(node) {
  return kindOf(node) === "ExpressionList" ? elements(node.Expressions) : [bare(node)];
}

// What the service accepts, node by node: `report(code, message, node)` tells of it.
function checkCall(node, report) {
  const name = node.Name.SimpleName;
  const values = elements(node.ArgumentList.Expressions);
  if ((name === "isnull" || name === "isnotnull") && values.length && typeOf(values[0]) === "string") {
    report("null-check-of-string", `${name}() of a string: Kusto strings are never null`, node);
  }
  const families = ADDRESS_FAMILIES[name];
  for (const value of families ? values.slice(1) : []) {
    if (kindOf(value) !== "StringLiteralExpression") continue;
    const [address, prefix] = value.LiteralValue.split("/");
    const family = isIP(address);
    const longest = family === 6 ? 128 : 32;
    const proper = prefix === undefined || (/^\d+$/.test(prefix) && Number(prefix) <= longest);
    if (!families.includes(family) || !proper) {
      report("address-range", `${name}() can't take the range ${value.LiteralValue}: it gives null`, value);
    }
  }
}

function checkComparison(node, kind, report, patterns) {
  const left = bare(node.Left);
  const right = node.Right ? valuesOf(node.Right) : [];
  if (isStringLiteral(left)) {
    report("constant-on-the-left", "a string on the left of a comparison: is it a quoted column?", left);
  }
  if (EQUALITIES.test(kind) && NUMBERS.has(typeOf(left)) && right.some(isStringLiteral)) {
    report("number-compared-with-string", `a column of type ${typeOf(left)} is compared with a string`, node);
  }
  if (kind === "MatchesRegexExpression") {
    for (const value of right.filter(isStringLiteral)) {
      patterns.push({ pattern: value.LiteralValue, start: value.TextStart, end: value.End });
    }
  }
}

function check(query, globals) {
  const diagnostics = [];
  const patterns = [];
  const code = KustoCode.ParseAndAnalyze(query, globals);
  const found = code.GetDiagnostics();
  for (let index = 0; index < found.Count; index += 1) {
    const one = found.getItem(index);
    const { Code, Severity, Message, Start, Length } = one;
    diagnostics.push({
      code: Code, severity: Severity.toLowerCase(), message: Message, start: Start, end: Start + Length,
    });
  }
  const report = (name, message, node) => {
    diagnostics.push({
      code: name, severity: "error", message, start: node.TextStart, end: node.End,
    });
  };
  Syntax.SyntaxElement.WalkNodes(code.Syntax, (node) => {
    const kind = kindOf(node);
    if (kind === "FunctionCallExpression") checkCall(node, report);
    const comparison = node instanceof Syntax.BinaryExpression || node instanceof Syntax.InExpression;
    if (comparison && !NO_COMPARISONS.test(kind)) checkComparison(node, kind, report, patterns);
  });
  return { diagnostics, patterns };
}

let globals = null;
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let answer;
  if (globals === null) {
    globals = globalsFor(request);
    answer = { ready: true };
  } else {
    try {
      answer = { id: request.id, ...check(request.query, globals) };
    } catch (error) {
      answer = { id: request.id, failure: String(error.stack ?? error) };
    }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
