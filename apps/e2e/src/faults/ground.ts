import fs from 'node:fs';
import path from 'node:path';
import { throwawayDir, type SystemOptions } from '@countersign/embedded';
import { World } from '../world.js';
import type { Ground } from './fault.js';
import { Desk, type DeskFaults } from './inject/desk.js';
import { hasOwnMounts, mountSmallDisk } from './inject/small-disk.js';
import { openLinks } from './proxy/links.js';

export interface OpenGround extends Ground {
  close(): Promise<void>;
}

const ENGINES = ['kafka', 'postgres'] as const;

/**
 * A system that can be harmed: services reach engines and helpdesk over proxies, and the engines' disks are small where the machine allows
 * that (`intoOwnMounts`, first thing in `main`).
 *
 * @param always what helpdesk does wrong from beginning to end
 */
export async function openGround(options: SystemOptions = {}, always: DeskFaults = {}): Promise<OpenGround> {
  const { links, via, close: closeLinks } = await openLinks();
  const dir = throwawayDir('run');
  const disks = hasOwnMounts() ? mountDisks(dir) : undefined;
  const putAway = async (): Promise<void> => {
    await closeLinks();
    for (const disk of Object.values(disks ?? {})) disk.unmount();
    fs.rmSync(dir, { recursive: true, force: true });
  };
  try {
    const engineDirs = Object.fromEntries(Object.entries(disks ?? {}).map(([engine, disk]) => [engine, disk.dir]));
    const world = await World.open({ via, engineDirs, ...options });
    const desk = await Desk.open(world, always);
    const close = async (): Promise<void> => {
      desk.close();
      await world.close();
      await putAway();
    };
    return { world, links, desk, disks, close };
  } catch (error) {
    await putAway();
    throw error;
  }
}

function mountDisks(dir: string): NonNullable<Ground['disks']> {
  const mounted = ENGINES.map((engine) => [engine, mountSmallDisk(path.join(dir, engine))]);
  return Object.fromEntries(mounted) as NonNullable<Ground['disks']>;
}
