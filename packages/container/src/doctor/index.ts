export interface Check {
  topic: string;
  status: 'ok' | 'missing' | 'warning';
  found: string;
  needed: string;
  fix?: string;
}
export async function checkHost(): Promise<Check[]> {
  return [];
}
