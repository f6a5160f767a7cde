import { ConfigError } from '@coracle/oci-spec';
import { parseConfig, parseState, validateFeatures } from '@coracle/oci-spec/validate';
import { needs } from '@coracle/test-support';
import { expect } from '@jest/globals';
import { officialCheck, samplesOf, specification } from './schemas.ts';

const kinds = {
  config: parseConfig,
  state: parseState,
  features: (text: string) => validateFeatures(JSON.parse(text)),
} as const;

for (const kind of ['config', 'state', 'features'] as const) {
  needs.test(specification)(`every good sample of ${kind} passes, here as there`, () => {
    const samples = samplesOf(kind, 'good');
    expect(samples).not.toEqual([]);
    for (const [name, text] of samples) {
      expect([name, kinds[kind](text)]).toEqual([name, JSON.parse(text)]);
      expect([name, officialCheck(kind)(JSON.parse(text))]).toEqual([name, true]);
    }
  });

  needs.test(specification)(`every bad sample of ${kind} is refused`, () => {
    const samples = samplesOf(kind, 'bad');
    expect(samples).not.toEqual([]);
    for (const [name, text] of samples) expect([name, failureOf(() => kinds[kind](text))]).toEqual([name, ConfigError]);
  });
}

function failureOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error instanceof ConfigError ? ConfigError : error;
  }
}
