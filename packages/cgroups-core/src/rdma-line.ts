import type { RdmaResources } from './resources.ts';

/**
 * The lines of `rdma.max`, which both versions have in the same form; none for a device of which nothing is asked.
 * @example
 * formatRdma({ mlx5_0: { handles: 2 } }); // [{ device: 'mlx5_0', line: 'mlx5_0 hca_handle=2' }]
 */
export function formatRdma(devices: Readonly<Record<string, RdmaResources>>): { device: string; line: string }[] {
  return Object.entries(devices).flatMap(([device, { handles, objects }]) => {
    const limits = [
      ...(handles === undefined ? [] : [`hca_handle=${handles}`]),
      ...(objects === undefined ? [] : [`hca_object=${objects}`]),
    ];
    return limits.length === 0 ? [] : [{ device, line: [device, ...limits].join(' ') }];
  });
}
