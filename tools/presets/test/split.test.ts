import { describe, expect, test } from '@jest/globals';
import { minify } from '../minify.mjs';
import { cut, keepWhole, split } from '../split.mjs';

/** A bundle of which these functions ran, split. */
function splitAfter(ran: readonly string[], text: string): { start: string; rest: string } {
  return cut(split(text, (_, name) => ran.includes(name)));
}

describe('a split bundle', () => {
  test('keeps what runs by itself and what that mentions', () => {
    const { start, rest } = splitAfter(['used'], 'function used() { return value; } var value = 1; used();');
    for (const part of ['function used() { return value; }', 'var value = 1', 'used();']) expect(start).toContain(part);
    expect(rest).not.toMatch(/used|value/);
  });

  test('has a function that fetches the rest in the place of one that did not run', () => {
    const { start, rest } = splitAfter(['used'], 'function idle(a) { return a; } function used() { idle(); } used();');
    expect(start).toContain('function idle(...args) { return rest().idle(...args); }');
    expect(rest).toContain('function idle(a) { return a; }');
    expect(rest).toMatch(/return \{ idle \}/);
  });

  test('gives everything to the rest that is mentioned only there, functions that ran as well', () => {
    const text =
      'var table = [1]; function ran() { return table; } function idle() { return ran(); } function go() { idle(); } go();';
    const { start, rest } = splitAfter(['ran', 'go'], text);
    expect(start).not.toMatch(/table|ran\(/);
    expect(rest).toContain('var table = [1]');
  });

  test('tells a name from a member of that name', () => {
    const { start } = splitAfter(['go'], 'var big = 1; var x = { big: 2 }; function go() { return x.big; } go();');
    expect(start).not.toContain('var big');
    expect(splitAfter(['go'], 'var big = 1; function go() { return { big }; } go();').start).toContain('var big');
  });

  test('keeps a declaration that takes something apart', () => {
    expect(splitAfter([], 'var { a } = require("x"); var [b] = [1];').start).toMatch(/var \{ a \}.*var \[b\]/s);
  });

  test('is told where its functions begin, async ones at that word', () => {
    const text = '  function a() {}\n  async function b() {}';
    const seen: [number, string][] = [];
    split(text, (start, name) => seen.push([start, name]) > 0);
    expect(seen).toEqual([
      [text.indexOf('function a'), 'a'],
      [text.indexOf('async'), 'b'],
    ]);
  });
});

describe('a function with one caller', () => {
  const text = `(list) => {
    function value(x) { for (const one of x.list) if (one.fits) return one; return x; }
    list.say = 'value(x)';
    return list.map((x) => !value(x));
  }`;
  const MADE_AT_EACH_CALL = /=>!function\(/;

  test('becomes a part of it, and is made at each call', async () => {
    expect(await minify(text)).toMatch(MADE_AT_EACH_CALL);
  });

  test('stays whole if that is asked for, and a text that looks like a call stays as it is', async () => {
    const marked = keepWhole(text, new Set(['value']));
    expect(marked.replaceAll('/*#__NOINLINE__*/', '')).toBe(text);
    const minified = await minify(marked);
    expect(minified).not.toMatch(MADE_AT_EACH_CALL);
    expect(minified).toContain('"value(x)"');
  });
});
