import { parseProcess, parseResources, validateConfig } from '@coracle/oci-spec/validate';
import { describe, expect, test } from '@jest/globals';
import { asGoReads, parseAsGoReads, type Said } from '../../src/detached/as-go-reads.ts';

const BASE = { ociVersion: '1.3.0', root: { path: 'rootfs' } };

/** As the validation tells of a value, whether it passes or not. */
function said(value: unknown): Said {
  const remarks: Said['remarks'][number][] = [];
  try {
    validateConfig(value, { onRemark: (remark) => void remarks.push(remark) });
  } catch (error) {
    return error as Said;
  }
  return { remarks };
}

const read = (value: object): ReturnType<typeof asGoReads> => asGoReads(value as typeof BASE, said(value));

describe('a configuration as it is read', () => {
  test('is the same one when it is spelt as the specification has it, or wrong for other reasons', () => {
    expect(read(BASE)).toBeUndefined();
    expect(read({ ...BASE, hostnam: 'box', windows: {} })).toBeUndefined();
    expect(read({ ...BASE, process: { args: [null], cwd: '/' } })).toBeUndefined();
  });

  test('has the names of fields in another case, at any depth and in lists', () => {
    const limits = [{ pagesize: '2MB', limit: 1 }];
    expect(read({ ...BASE, HostName: 'box', linux: { resources: { hugepageLimits: limits } } })).toEqual({
      config: { ...BASE, hostname: 'box', linux: { resources: { hugepageLimits: [{ pageSize: '2MB', limit: 1 }] } } },
      warnings: [
        {
          path: '$.linux.resources.hugepageLimits[0].pagesize',
          text: "is taken as 'pageSize', as the specification has it",
        },
        { path: '$.HostName', text: "is taken as 'hostname', as the specification has it" },
      ],
    });
    expect(limits[0]).toHaveProperty('pagesize');
  });

  test('the exact name goes before another case of it', () => {
    expect(read({ ...BASE, Hostname: 'other', hostname: 'box' })?.config).toEqual({ ...BASE, hostname: 'box' });
  });

  test('null is absent, but in a list', () => {
    expect(read({ ...BASE, linux: { timeOffsets: null, sysctl: null } })?.config).toEqual({ ...BASE, linux: {} });
    expect(read({ ...BASE, mounts: [null] })).toBeUndefined();
  });
});

describe('the text of a part of a configuration', () => {
  test('has names in another case and null, which are told', () => {
    const warnings: string[] = [];
    const text = '{ "CWD": "/", "args": ["id"], "user": { "UID": 1, "gid": 2 }, "rlimits": null }';
    expect(parseAsGoReads(text, parseProcess, ({ path }) => void warnings.push(path))).toEqual({
      cwd: '/',
      args: ['id'],
      user: { uid: 1, gid: 2 },
    });
    expect(warnings).toEqual(['$.user.UID', '$.CWD']);
    expect(parseAsGoReads('{ "Pids": { "limit": 5 }, "memory": null }', parseResources)).toEqual({
      pids: { limit: 5 },
    });
  });

  test('is refused for other reasons as ever', () => {
    expect(() => parseAsGoReads('{ "pids": { "Limit": "5" } }', parseResources)).toThrow('$.pids.limit');
    expect(() => parseAsGoReads('{', parseResources)).toThrow('JSON');
    expect(() => parseAsGoReads('null', parseResources)).toThrow('an object');
  });
});
