import fs from 'node:fs';
import path from 'node:path';
import { freePort, isFree, requireFree } from './ports.js';
import { SERVICES, type Service } from './service-catalog.js';

export type PortName = Service | 'kafka' | 'postgres';

const NAMES: readonly PortName[] = ['kafka', 'postgres', ...SERVICES];

/**
 * A port for everything: the one named, else the one it had in this data folder (an issuer's URL is in its tokens), else a free one.
 *
 * @throws PortInUse when a port that was named is taken
 */
export async function allotPorts(
  dataDir: string,
  named: Partial<Record<PortName, number>>,
): Promise<Record<PortName, number>> {
  const file = path.join(dataDir, 'ports.json');
  const before = fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as Partial<typeof named>) : {};
  const ports = {} as Record<PortName, number>;
  for (const name of NAMES) ports[name] = await allot(name, named[name], before[name]);
  fs.writeFileSync(file, JSON.stringify(ports, null, 2));
  return ports;
}

async function allot(name: PortName, named: number | undefined, before: number | undefined): Promise<number> {
  if (named !== undefined) return requireFree(named, name);
  return before !== undefined && (await isFree(before)) ? before : freePort();
}
