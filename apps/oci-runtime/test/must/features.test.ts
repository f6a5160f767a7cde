import { type Config, specConfig } from '@coracle/oci-spec';
import { validateConfig, validateFeatures } from '@coracle/oci-spec/validate';
import { expect, test } from '@jest/globals';
import { featuresDocument } from '../../src/features-document.ts';

const DOCUMENT = featuresDocument();
const linux = DOCUMENT.linux ?? {};

/** Takes it for a configuration, whatever the types say of its words. */
const accepts = (change: (config: Config) => unknown): void => {
  expect(() => validateConfig(change(specConfig()))).not.toThrow();
};
const inLinux = (fields: object): void => accepts((config) => ({ ...config, linux: { ...config.linux, ...fields } }));
const each = <T>(list: readonly T[] | undefined, check: (one: T) => void): void => {
  expect(list?.length).toBeGreaterThan(0);
  for (const one of list ?? []) check(one);
};
const ALLOW = { defaultAction: 'SCMP_ACT_ALLOW' };

test('features.md#featuresSpecificationVersion: the least and the greatest version are accepted', () => {
  for (const ociVersion of [DOCUMENT.ociVersionMin, DOCUMENT.ociVersionMax])
    accepts((config) => ({ ...config, ociVersion }));
});

test('features.md#featuresSpecificationVersion: the greatest version is not less than the least', () => {
  const [least = [], greatest = []] = [DOCUMENT.ociVersionMin, DOCUMENT.ociVersionMax].map((version) =>
    version.split('.').map(Number),
  );
  expect(
    greatest.map((number, index) => number - (least[index] ?? 0)).find((difference) => difference !== 0),
  ).toBeGreaterThan(0);
});

test('features.md#featuresAnnotations: they are a map of strings by keys that are not empty, as in config.json', () => {
  const withThem = (annotations: unknown): unknown => validateFeatures({ ...DOCUMENT, annotations });
  expect(withThem({ 'org.example.key': '' })).toMatchObject({ annotations: { 'org.example.key': '' } });
  for (const wrong of [{ key: 1 }, { key: null }, { '': 'value' }, ['value'], 'value'])
    expect(() => withThem(wrong)).toThrow('$.annotations');
});

test('features.md#featuresSpecificationVersion: nothing is in it that the version does not define, and null is nowhere', () => {
  expect(() => validateFeatures(DOCUMENT)).not.toThrow();
  expect(Object.keys(DOCUMENT).sort()).toEqual(['hooks', 'linux', 'mountOptions', 'ociVersionMax', 'ociVersionMin']);
  expect(Object.keys(linux).sort()).toEqual([
    'apparmor',
    'capabilities',
    'cgroup',
    'intelRdt',
    'memoryPolicy',
    'mountExtensions',
    'namespaces',
    'netDevices',
    'seccomp',
    'selinux',
  ]);
  expect(JSON.stringify(DOCUMENT)).not.toContain('null');
});

test('features.md#featuresHooks: each kind of hook is supported', () => {
  each(DOCUMENT.hooks, (name) => accepts((config) => ({ ...config, hooks: { [name]: [{ path: '/bin/true' }] } })));
});

test('features.md#featuresMountOptions: each option of mounts is recognized', () => {
  each(DOCUMENT.mountOptions, (option) =>
    accepts((config) => ({
      ...config,
      mounts: [
        {
          destination: '/a',
          type: 'bind',
          source: '/b',
          options: [option],
          ...(option.endsWith('idmap') ? { uidMappings: [MAPPING], gidMappings: [MAPPING] } : {}),
        },
      ],
    })),
  );
});

const MAPPING = { containerID: 0, hostID: 1000, size: 1 };

test('features-linux.md#linuxFeaturesNamespaces: each type of namespace is recognized', () => {
  const maps = { uidMappings: [MAPPING], gidMappings: [MAPPING] };
  each(linux.namespaces, (type) => {
    const others = (specConfig().linux?.namespaces ?? []).filter((one) => one.type !== type);
    inLinux({ namespaces: [...others, { type }], ...(type === 'user' ? maps : {}) });
  });
});

test('features-linux.md#linuxFeaturesCapabilities: each capability is recognized', () => {
  each(linux.capabilities, (name) =>
    accepts((config) => ({ ...config, process: { ...config.process, capabilities: { bounding: [name] } } })),
  );
});

test('features-linux.md#linuxFeaturesSeccomp: each action, operator, architecture and flag is recognized', () => {
  const { seccomp = {} } = linux;
  each(seccomp.actions, (defaultAction) => inLinux({ seccomp: { defaultAction } }));
  each(seccomp.operators, (op) => {
    const args = [{ index: 0, value: 1, op }];
    inLinux({ seccomp: { ...ALLOW, syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO', args }] } });
  });
  each(seccomp.archs, (name) => inLinux({ seccomp: { ...ALLOW, architectures: [name] } }));
  each(seccomp.knownFlags, (name) => inLinux({ seccomp: { ...ALLOW, flags: [name] } }));
  for (const name of seccomp.supportedFlags ?? []) expect(seccomp.knownFlags).toContain(name);
});

test('features-linux.md#linuxFeaturesMemoryPolicy: each mode and flag is recognized', () => {
  each(linux.memoryPolicy?.modes, (mode) => {
    const nodes = ['MPOL_DEFAULT', 'MPOL_LOCAL'].includes(mode) ? {} : { nodes: '0' };
    inLinux({ memoryPolicy: { mode, ...nodes } });
  });
  each(linux.memoryPolicy?.flags, (flag) =>
    inLinux({ memoryPolicy: { mode: 'MPOL_BIND', nodes: '0', flags: [flag] } }),
  );
});

test('features-linux.md#linuxFeaturesMountExtensions: idmap is enabled, as the mappings of mounts are recognized', () => {
  expect(linux.mountExtensions?.idmap?.enabled).toBe(true);
});

/** The options that the specification's table marks MUST. */
const REQUIRED =
  'async atime bind defaults dev diratime dirsync exec iversion lazytime loud noatime nodev nodiratime noexec noiversion nolazytime norelatime nostrictatime nosuid private rbind relatime remount ro rprivate rshared rslave runbindable rw shared silent slave strictatime suid sync unbindable'.split(
    ' ',
  );

test('config.md#configLinuxMountOptions: every option that has to be implemented is listed', () => {
  expect(REQUIRED).toHaveLength(37);
  expect(REQUIRED.filter((option) => !DOCUMENT.mountOptions?.includes(option))).toEqual([]);
});
