import { type FileOperation, formatRdma, type RdmaResources, setFile } from '@coracle/cgroups-core';
import { need } from './need.ts';
import type { Place } from './place.ts';

/** Limits on remote direct memory access. @see the kernel's cgroup-v1/rdma documentation */
export function planRdma(devices: Readonly<Record<string, RdmaResources>>, place: Place): FileOperation[] {
  return formatRdma(devices).map(({ device, line }) =>
    setFile(need(place, 'rdma', 'rdma.max'), line, `limit the RDMA device ${device}`),
  );
}
