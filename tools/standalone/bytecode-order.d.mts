/** Has an executable tell which of its functions each of its trials ran; returns the reports. */
export function bytecodeOrders(
  program: string,
  how: { trials: (directory: string) => string[][]; directory: string },
): string[];
