import { arrayOf, type Check, object, type Rule, required, where } from '../checks/check.ts';
import { memberPath, report } from '../checks/findings.ts';
import { name, text } from '../checks/scalars.ts';
import type { Config, Mount } from '../types/config.ts';
import { idMapping } from './id-mapping.ts';

/** {@link Mount}. */
export function mount(): Check<Mount> {
  return where(
    object<Mount>({
      destination: required(name),
      type: text,
      source: text,
      options: arrayOf(text),
      uidMappings: arrayOf(idMapping()),
      gidMappings: arrayOf(idMapping()),
    }),
    bothMappings,
  );
}

const bothMappings: Rule<Mount> = (value, at, findings) => {
  const kinds = ['uidMappings', 'gidMappings'] as const;
  for (const [kind, other] of [kinds, kinds.toReversed()]) {
    if (kind === undefined || other === undefined || isMapped(value[kind]) || !isMapped(value[other])) continue;
    report(findings, { path: memberPath(at, kind), value: value[kind], allowed: `given, as ${other} is` });
  }
};

/** A mount with mapped ids and no mappings of its own takes those of the container, which has to have some. */
export const idmapHasMappings: Rule<Config> = ({ mounts = [], linux }, at, findings) => {
  if (linux?.namespaces?.some(({ type }) => type === 'user')) return;
  for (const [index, { options = [], uidMappings }] of mounts.entries()) {
    const option = options.find((one) => one === 'idmap' || one === 'ridmap');
    if (option === undefined || isMapped(uidMappings)) continue;
    const allowed = `given, as there is the option ${option} and no user namespace whose mappings it could take`;
    report(findings, { path: `${at}.mounts[${index}].uidMappings`, value: uidMappings, allowed });
  }
};

function isMapped(mappings: Mount['uidMappings']): boolean {
  return mappings !== undefined && mappings.length > 0;
}
