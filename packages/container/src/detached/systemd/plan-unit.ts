import { type DeviceRuleInput, fromOci, type Resources } from '@coracle/cgroups';
import { managerGroup, type Property, parseProperty, type UnitPlace, unitPlace } from '@coracle/cgroups/systemd';
import type { Config } from '@coracle/oci-spec';
import { validateConfig } from '@coracle/oci-spec/validate';
import { deviceRules } from '../../oci/device-rules.ts';
import type { SystemdManager } from './unit.ts';
import { withBus } from './with-bus.ts';

/** A unit that is to be made for a container. */
export interface PlannedUnit extends UnitPlace {
  manager: SystemdManager;
  resources: Resources;
  devices: readonly DeviceRuleInput[];
  /** By which it is known again. */
  description: string;
  /** What annotations of the container say of it. */
  properties: readonly Property[];
}

/** Annotations that begin so are properties of the unit. */
const PREFIX = 'org.systemd.property.';

/**
 * Plans the unit of a container: where `linux.cgroupsPath` says, with the limits of `linux.resources`.
 * @param options `directory`: the one that holds the state of the container, and of no other
 * @throws {ConfigError} for what is no configuration; SystemError EINVAL for a path or an annotation that cannot be meant; ENOENT,
 *   ECONNREFUSED where a user has no systemd of his own
 */
export async function planUnit(
  config: Config,
  { id, manager, directory }: { id: string; manager: SystemdManager; directory: string },
): Promise<PlannedUnit> {
  const { linux, annotations = {}, ociVersion } = validateConfig(config);
  const place = unitPlace(linux?.cgroupsPath, { id, slice: manager.isUsers ? 'user.slice' : 'system.slice' });
  const { resources, devices = [] } = fromOci(linux?.resources ?? {}, ociVersion);
  const properties = Object.entries(annotations)
    .filter(([name]) => name.startsWith(PREFIX))
    .map(([name, text]) => parseProperty(name.slice(PREFIX.length), text));
  const above = manager.isUsers ? await withBus(manager, managerGroup) : '';
  return {
    ...place,
    path: `${above}${place.path}`,
    manager,
    resources,
    devices: deviceRules(devices),
    properties,
    description: descriptionIn(properties) ?? `container ${directory}`,
  };
}

/** That of an annotation is in force. */
function descriptionIn(properties: readonly Property[]): string | undefined {
  const [, [, text] = []] = properties.findLast(([name]) => name === 'Description') ?? [];
  return text === undefined ? undefined : String(text);
}
