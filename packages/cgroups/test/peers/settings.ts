import { readdirSync, readFileSync } from 'node:fs';
import { isErrno } from '@coracle/errors';

/** Files that count or tell what happens, and those of the group itself, by their names. */
const NO_SETTING =
  /^(cgroup\.|tasks$|notify_on_release$|.*\.(current|peak|pressure|effective|events(\.local)?|stat(\.local)?|failcnt|numa_stat|slabinfo|rsvd\.current|reclaim|memory_pressure|force_empty|pressure_level|event_control|effective_(cpus|mems)|shown_ram_in_bytes)$|.*usage(_in_bytes)?$|blkio\.reset_stats$|.*io_(service_bytes|serviced)(_recursive)?$)/;

/** What is set in the files of a group's directories, by the files' names. */
export function readSettings(directories: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    directories.flatMap((directory) =>
      readdirSync(directory, { withFileTypes: true })
        .filter((entry) => entry.isFile() && !NO_SETTING.test(entry.name))
        .flatMap(({ name }) => {
          const text = read(`${directory}/${name}`);
          return text === undefined ? [] : [[name, text]];
        }),
    ),
  );
}

function read(path: string): string | undefined {
  try {
    // Beside the setting, memory.oom_control counts.
    return readFileSync(path, 'utf8').replace(/^(under_oom|oom_kill) .*\n/gm, '');
  } catch (error) {
    // Written only.
    if (isErrno(error, 'EINVAL', 'EACCES', 'EOPNOTSUPP')) return undefined;
    throw error;
  }
}
