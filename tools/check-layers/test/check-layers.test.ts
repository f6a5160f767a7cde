import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { checkLayers } from '../src/check-layers.ts';

const RULES = {
  levels: { 'packages/low': 0, 'packages/left': 1, 'packages/right': 1, 'packages/high': 2, 'apps/app': 3 },
  soleImporters: { koffi: 'packages/low' },
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coracle-layers-'));
  write('package.json', { devDependencies: { jest: '1' } });
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, content: string | object): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
}

/** A member of the workspace with one source file. */
function member(directory: string, source: string, fields: object = {}): void {
  const name = `@coracle/${directory.split('/')[1]}`;
  write(`${directory}/package.json`, { name, exports: { '.': './src/index.ts' }, ...fields });
  write(`${directory}/src/index.ts`, source);
}

/** The broken rules, one a line as the tool prints them. */
function broken(): string[] {
  return checkLayers(root, RULES).map(({ where, rule, what }) => `${where}: ${rule}: ${what}`);
}

const on = (...names: string[]) => ({
  dependencies: Object.fromEntries(names.map((name) => [`@coracle/${name}`, 'workspace:^'])),
});

test('imports that go down through public entries break nothing', () => {
  member('packages/low', "import { x } from 'koffi'; import 'node:fs'; import './a/b.ts';", {
    dependencies: { koffi: '1' },
  });
  member('packages/left', "import { y } from '@coracle/low';", on('low'));
  member('packages/high', "export * from '@coracle/left'; const l = import('@coracle/low');", on('left', 'low'));
  write('packages/high/test/high.test.ts', "import '@coracle/high'; import '../src/index.ts'; import 'jest';");
  expect(broken()).toEqual([]);
});

describe('down only', () => {
  test('an import upwards is named with file, line and both levels', () => {
    member('packages/low', "const a = 1;\n\nimport { x } from '@coracle/left';", on('left'));
    member('packages/left', '');
    expect(broken()).toEqual([
      'packages/low/src/index.ts:3: down only: packages/low is on level 0, packages/left on level 1',
    ]);
  });

  test.each([
    ['an import', "import { x } from '@coracle/right';"],
    ['an import of types', "import type { X } from '@coracle/right';"],
    ['a re-export', "export { x } from '@coracle/right';"],
    ['a dynamic import', "await import('@coracle/right');"],
    ['a type in the text', "let x: import('@coracle/right').X;"],
    ['require', "require('@coracle/right');"],
    ['createRequire', "createRequire(import.meta.url)('@coracle/right');"],
  ])('%s of a sibling is sideways', (_, source) => {
    member('packages/left', source, on('right'));
    member('packages/right', '');
    expect(broken()).toEqual([expect.stringContaining('index.ts:1: down only: packages/left is on level 1')]);
  });

  test('a package may not import an app, nor a tool', () => {
    member('packages/high', "import '@coracle/app'; import '@coracle/tool';", on('app', 'tool'));
    member('apps/app', '');
    member('tools/tool', '');
    expect(broken()).toEqual([
      expect.stringMatching(/down only.*apps\/app on level 3/),
      expect.stringMatching(/down only.*tools\/tool above all/),
    ]);
  });

  test('tests may import test-support, sources may not', () => {
    member('tools/test-support', '');
    member('packages/low', '', { devDependencies: { '@coracle/test-support': 'workspace:*' } });
    write('packages/low/test/low.test.ts', "import '@coracle/test-support';");
    expect(broken()).toEqual([]);
    write('packages/low/src/other.ts', "import '@coracle/test-support';");
    expect(broken()).toContainEqual(expect.stringContaining('src/other.ts:1: down only'));
  });

  test('words that only look like imports are none', () => {
    member('packages/left', "// import '@coracle/right'\nconst text = \"from '@coracle/right'\";");
    member('packages/right', '');
    expect(broken()).toEqual([]);
  });

  test('a package without a level is told to get one', () => {
    member('packages/new', '');
    expect(broken()).toEqual([expect.stringMatching(/^packages\/new\/package.json: has a level/)]);
  });
});

test('a cycle is shown as a path', () => {
  member('packages/low', "import '@coracle/left';", on('left'));
  member('packages/left', "import '@coracle/low';", on('low'));
  expect(broken()).toContainEqual(
    'packages/left/package.json: no cycle: packages/left -> packages/low -> packages/left',
  );
});

describe('public entries only', () => {
  test.each(['@coracle/low/src/index.ts', '@coracle/low/other'])('%s is no entry', (specifier) => {
    member('packages/low', '');
    member('packages/left', `import '${specifier}';`, on('low'));
    expect(broken()).toEqual([expect.stringContaining(`public entries only: ${specifier} is not in the exports`)]);
  });

  test('a path of the exports is one', () => {
    member('packages/low', '', { exports: { '.': 'a', './testing': 'b' } });
    member('packages/left', "import '@coracle/low/testing';", on('low'));
    expect(broken()).toEqual([]);
  });

  test('holds for tools and examples too', () => {
    member('packages/low', '');
    member('examples/one', "import '@coracle/low/src/index.ts';", on('low'));
    expect(broken()).toEqual([expect.stringContaining('examples/one/src/index.ts:1: public entries only')]);
  });
});

describe('stay inside', () => {
  test('a relative path may not leave the package', () => {
    member('packages/low', '');
    member('packages/left', "import '../../low/src/index.ts';");
    expect(broken()).toEqual([expect.stringContaining('index.ts:1: stay inside: ../../low/src/index.ts leaves')]);
  });

  test('configuration may reach the presets', () => {
    member('packages/low', '');
    write('packages/low/jest.config.js', "export { default } from '../../tools/presets/jest.js';");
    expect(broken()).toEqual([]);
  });
});

describe('declared and used', () => {
  test.each(['@coracle/low', 'commander'])('%s imported but not declared', (name) => {
    member('packages/low', '');
    member('packages/left', `import '${name}';`);
    expect(broken()).toEqual([expect.stringContaining(`declared: ${name} is not among the dependencies`)]);
  });

  test('a devDependency is not enough for what is shipped', () => {
    member('packages/left', "import 'jest';", { devDependencies: { jest: '1' } });
    expect(broken()).toEqual([expect.stringContaining('declared: jest is not among the dependencies')]);
  });

  test('an app bundles, so a devDependency is enough', () => {
    member('packages/low', '');
    member('apps/app', "import '@coracle/low';", {
      dependencies: { koffi: '1' },
      devDependencies: { '@coracle/low': 'workspace:*' },
    });
    expect(broken()).toEqual([]);
  });

  test('declared but imported by tests only is not used', () => {
    member('packages/low', '');
    member('packages/left', '', on('low'));
    write('packages/left/test/a.test.ts', "import '@coracle/low';");
    expect(broken()).toEqual(['packages/left/package.json: used: @coracle/low is declared and never imported']);
  });
});

test('a second importer of koffi is told who the one is', () => {
  member('packages/left', "createRequire(import.meta.url)('koffi');", { dependencies: { koffi: '1' } });
  expect(broken()).toEqual(['packages/left/src/index.ts:1: one importer: only packages/low may import koffi']);
});
