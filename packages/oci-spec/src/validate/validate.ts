import type { Check } from '../checks/check.ts';
import { type EnsureOptions, ensure } from '../checks/ensure.ts';
import { type Findings, memberPath, type Remark } from '../checks/findings.ts';
import { ConfigError } from '../config-error.ts';
import type { Config } from '../types/config.ts';
import type { Features } from '../types/features.ts';
import type { Process } from '../types/process.ts';
import type { Resources } from '../types/resources.ts';
import type { State } from '../types/state.ts';
import { config } from './config.ts';
import { features } from './features.ts';
import { ALL_BITS, isCompared, parseExactly } from './parse-exactly.ts';
import { process } from './process.ts';
import { resources } from './resources.ts';
import { roundedNumbers } from './rounded-numbers.ts';
import { state } from './state.ts';

const configCheck = once(config);
const processCheck = once(process);
const resourcesCheck = once(resources);
const stateCheck = once(state);
const featuresCheck = once(features);

/** Made when first needed, and kept: making one takes longer than going through a configuration. */
function once<T>(make: () => Check<T>): () => Check<T> {
  let made: Check<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** What the validation is to tell beside its errors. */
export interface ValidateOptions {
  /**
   * Called for each thing in a valid value that is probably not meant so: a field that is nearly one of the specification, a part
   * for another system, a number that JavaScript rounds. `undefined`: nobody wants to know.
   */
  onRemark?: ((remark: Remark) => void) | undefined;
}

/**
 * Checks that a value is a configuration, and returns the same value with its type.
 *
 * Checked are the shape and what can be known without the machine: ranges, absolute paths, known names, duplicates,
 * and settings that need a namespace. Unknown fields pass. What the machine cannot do shows when the container is made.
 * @throws {ConfigError} `ERR_CORACLE_CONFIG`; it names every problem with its JSON path.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md
 * @example
 * const config = validateConfig({ ociVersion: '1.3.0', root: { path: 'rootfs' } });
 */
export function validateConfig(value: unknown, { onRemark }: ValidateOptions = {}): Config {
  return ensure(value, configCheck(), { onRemark });
}

/**
 * Reads the text of a config.json. As {@link validateConfig}, and it sees numbers above 2 ** 53 before JavaScript rounds them:
 * what a seccomp rule compares with stays exact, see `parseExactly`; any other number that is rounded is a remark.
 * @throws {ConfigError} `ERR_CORACLE_CONFIG`; also for what is no JSON, with what JSON.parse() says.
 * @example
 * const config = parseConfig(readFileSync('config.json', 'utf8'), { onRemark: ({ path, text }) => console.warn(path, text) });
 */
export function parseConfig(text: string, { onRemark }: ValidateOptions = {}): Config {
  return parse(text, configCheck(), { onRemark });
}

/**
 * Checks that a value is a process, as config.json has it and `exec --process` takes it. Paths begin at the process: `$.args[0]`.
 * @throws {ConfigError} `ERR_CORACLE_CONFIG`
 * @example
 * const process = validateProcess({ cwd: '/', args: ['id'], user: { uid: 0, gid: 0 } });
 */
export function validateProcess(value: unknown, { onRemark }: ValidateOptions = {}): Process {
  return ensure(value, processCheck(), { what: 'process', onRemark });
}

/**
 * Reads the text of a process; see {@link validateProcess}.
 * @throws {ConfigError} `ERR_CORACLE_CONFIG`; also for what is no JSON, with what JSON.parse() says.
 * @example
 * const process = parseProcess('{ "cwd": "/", "args": ["id"], "user": { "uid": 0, "gid": 0 } }');
 */
export function parseProcess(text: string, { onRemark }: ValidateOptions = {}): Process {
  return parse(text, processCheck(), { what: 'process', onRemark });
}

/**
 * Checks that a value is a set of limits, as config.json has it and `update --resources` takes it. Paths begin at the limits:
 * `$.memory.limit`.
 * @throws {ConfigError} `ERR_CORACLE_CONFIG`
 * @example
 * const resources = validateResources({ memory: { limit: 64 * 1024 * 1024 } });
 */
export function validateResources(value: unknown, { onRemark }: ValidateOptions = {}): Resources {
  return ensure(value, resourcesCheck(), { what: 'resources', onRemark });
}

/**
 * Reads the text of a set of limits; see {@link validateResources}.
 * @throws {ConfigError} `ERR_CORACLE_CONFIG`; also for what is no JSON, with what JSON.parse() says.
 * @example
 * const resources = parseResources('{ "pids": { "limit": 100 } }');
 */
export function parseResources(text: string, { onRemark }: ValidateOptions = {}): Resources {
  return parse(text, resourcesCheck(), { what: 'resources', onRemark });
}

/**
 * Checks that a value is the state of a container on Linux, as a runtime prints it and hooks read it.
 * @throws {ConfigError} `ERR_CORACLE_CONFIG`
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md
 * @example
 * const state = validateState({ ociVersion: '1.3.0', id: 'box', status: 'running', pid: 4422, bundle: '/run/box' });
 */
export function validateState(value: unknown): State {
  return ensure(value, stateCheck(), { what: 'state' });
}

/**
 * Reads the text of a state, as a hook gets it on its standard input; see {@link validateState}.
 * @throws {ConfigError} `ERR_CORACLE_CONFIG`; also for what is no JSON, with what JSON.parse() says.
 * @example
 * const { id, pid } = parseState(readFileSync(0, 'utf8'));
 */
export function parseState(text: string): State {
  return parse(text, stateCheck(), { what: 'state' });
}

/**
 * Checks that a value is what a runtime tells of its features.
 * @throws {ConfigError} `ERR_CORACLE_CONFIG`
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/features.md
 * @example
 * const features = validateFeatures({ ociVersionMin: '1.0.0', ociVersionMax: '1.3.0' });
 */
export function validateFeatures(value: unknown): Features {
  return ensure(value, featuresCheck(), { what: 'features' });
}

function parse<T>(text: string, check: Check<T>, options: EnsureOptions): T {
  const value = parseJson(text, options);
  return ensure(value, check, { ...options, findings: roundings(text) });
}

function parseJson(text: string, { what }: EnsureOptions): unknown {
  try {
    return parseExactly(text);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    const found = `${said.replaceAll(/\s+/g, ' ')}${placeOf(said, text)}`;
    throw new ConfigError({ path: '$', found, allowed: 'JSON' }, [], { what });
  }
}

/** Of many mistakes Node tells the number of the letter; its newer versions tell the line and column too. */
function placeOf(message: string, text: string): string {
  const position = /at position (\d+)$/.exec(message)?.[1];
  if (position === undefined) return '';
  const before = text.slice(0, Number(position)).split('\n');
  return ` (line ${before.length} column ${(before.at(-1)?.length ?? 0) + 1})`;
}

/** 2^63-1, no limit with a sign; 2^64-1, all bits, is none either: both round up to powers of two that mean the same. */
const NO_LIMIT = '9223372036854775807';

function roundings(text: string): Findings {
  const findings: Findings = { problems: [], remarks: [] };
  for (const { keys, source } of roundedNumbers(text)) {
    if (source === ALL_BITS || source === NO_LIMIT || isCompared(keys)) continue;
    const path = keys.reduce<string>(
      (at, key) => (typeof key === 'number' ? `${at}[${key}]` : memberPath(at, key)),
      '$',
    );
    findings.remarks.push({ path, text: `is ${source} and is read as ${BigInt(Number(source))}` });
  }
  return findings;
}
