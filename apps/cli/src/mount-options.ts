import { type ContainerOptions, parseMount, parseTmpfs, parseVolume } from '@coracle/container';
import type { Options } from './arguments.ts';

/**
 * What `-v`, `--tmpfs` and `--mount` ask for together.
 * @throws OptionError for text that cannot be meant
 */
export function mountOptions(options: Options): Required<Pick<ContainerOptions, 'volumes' | 'tmpfs'>> {
  const mounts = options.list('mount').map(parseMount);
  return {
    volumes: [
      ...options.list('volume').map(parseVolume),
      ...mounts.flatMap((mount) => (mount.type === 'bind' ? [withoutType(mount)] : [])),
    ],
    tmpfs: [
      ...options.list('tmpfs').map(parseTmpfs),
      ...mounts.flatMap((mount) => (mount.type === 'tmpfs' ? [withoutType(mount)] : [])),
    ],
  };
}

function withoutType<Spec extends { type: string }>({ type: _, ...rest }: Spec): Omit<Spec, 'type'> {
  return rest;
}
