import ts from 'typescript';

/**
 * Splits a flat bundle into what its start needs and the rest. Functions at its top that did not run go into the rest, with
 * everything that only they refer to. In their place stand functions of the same names that fetch the rest when they are called.
 *
 * What moves runs its initializer later, which nobody can tell: the modules of a bundle are free of side effects.
 * @param {string} text the bundle: a script
 * @param {(start: number, name: string) => boolean} didRun whether the function with this name, which begins there, ran
 * @returns {string} the same program, with the rest as the function that it calls `fetchRest` with: to be cut out
 */
export function split(text, didRun) {
  const parts = parse(text).statements.map((statement) => partOf(statement, didRun));
  const { needed, called } = reach(parts);
  const textOf = ({ statement }) => text.slice(statement.getFullStart(), statement.getEnd());
  const start = parts.flatMap((part) => {
    if (needed.has(part)) return [textOf(part)];
    return called.has(part)
      ? part.names.map((name) => `function ${name}(...args) { return rest().${name}(...args); }`)
      : [];
  });
  const rest = parts.filter((part) => !needed.has(part)).map(textOf);
  const names = [...called].flatMap((part) => part.names);
  return `${start.join('\n')}
    var theRest;
    function rest() {
      return (theRest ??= fetchRest(() => { ${rest.join('\n')}\nreturn { ${names.join(', ')} }; }));
    }`;
}

/**
 * Cuts the rest out of a program that was split, and maybe minified since: it is evaluated where it stood, so that it sees what
 * is there.
 * @returns {{ start: string, rest: string }} expressions; the start calls `fetchRest` for the text of the rest
 */
export function cut(text) {
  const find = (node) =>
    ts.isCallExpression(node) && node.expression.getText() === 'fetchRest' ? node : ts.forEachChild(node, find);
  const call = find(parse(text));
  if (!call) return { start: text, rest: '' }; // nothing calls for it, so that it was left out
  const [rest] = call.arguments;
  return {
    start: `${text.slice(0, call.getStart())}eval(fetchRest())${text.slice(call.getEnd())}`,
    rest: `(${rest.getText()})()`,
  };
}

/**
 * The functions at the top of a bundle, with where they begin.
 * @returns {{ name: string, start: number }[]}
 */
export function functionsOf(text) {
  const functions = parse(text).statements.filter(ts.isFunctionDeclaration);
  return functions.map((statement) => ({ name: statement.name.text, start: statement.getStart() }));
}

/**
 * Marks the calls of functions at the top, so that the minifier does not put them into their only caller. As a part of that each
 * would be made anew, as an object, whenever it is called.
 * @param {Set<string>} names of the functions
 */
export function keepWhole(text, names) {
  const calls = [];
  const find = (node) => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && names.has(node.expression.text))
      calls.push(node.getStart());
    ts.forEachChild(node, find);
  };
  find(parse(text));
  const marks = [0, ...calls, text.length];
  return marks
    .slice(1)
    .map((end, index) => text.slice(marks[index], end))
    .join('/*#__NOINLINE__*/');
}

function parse(text) {
  return ts.createSourceFile('bundle.js', text, ts.ScriptTarget.ES2022, true);
}

/** A statement at the top: which names it declares, and which it mentions. */
function partOf(statement, didRun) {
  const mentioned = identifiers(statement);
  if (ts.isFunctionDeclaration(statement)) {
    const name = statement.name.text;
    return { statement, mentioned, names: [name], isIdle: !didRun(statement.getStart(), name), stays: false };
  }
  const isVariable = ts.isVariableStatement(statement);
  const declared = isVariable ? statement.declarationList.declarations.map(({ name }) => name) : [];
  const stays = !isVariable || !declared.every(ts.isIdentifier);
  return { statement, mentioned, names: stays ? [] : declared.map(({ text }) => text), isIdle: false, stays };
}

/** From the statements that run by themselves: what they need, and the idle functions that are called from there. */
function reach(parts) {
  const declaring = new Map(parts.flatMap((part) => part.names.map((name) => [name, part])));
  const needed = new Set(parts.filter(({ stays }) => stays));
  const called = new Set();
  for (const { mentioned } of needed) {
    for (const part of [...mentioned].map((name) => declaring.get(name))) {
      if (part) (part.isIdle ? called : needed).add(part); // a set also goes through what is added to it meanwhile
    }
  }
  return { needed, called };
}

/** All names but those behind a dot or before a colon. A local one that is called like one at the top is taken for that. */
function identifiers(node, found = new Set()) {
  if (ts.isIdentifier(node) && !isMember(node)) found.add(node.text);
  ts.forEachChild(node, (child) => {
    identifiers(child, found);
  });
  return found;
}

function isMember(identifier) {
  const { parent } = identifier;
  return (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent)) && parent.name === identifier;
}
