import { type FileOperation, formatRdma, type RdmaResources, setFile } from '@coracle/cgroups-core';

/** Limits on remote direct memory access. @see the kernel's cgroup-v2 documentation, "RDMA" */
export function planRdma(devices: Readonly<Record<string, RdmaResources>>, directory: string): FileOperation[] {
  return formatRdma(devices).map(({ device, line }) =>
    setFile(`${directory}/rdma.max`, line, `limit the RDMA device ${device}`),
  );
}
