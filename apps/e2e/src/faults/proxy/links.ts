import { freePort, type SystemOptions } from '@countersign/embedded';
import { TcpProxy } from './tcp-proxy.js';

/** What every service talks to over a proxy, while clients and the checker go straight. */
export const LINKS = ['kafka', 'postgres', 'helpdesk'] as const;
export type LinkName = (typeof LINKS)[number];
export type Links = Record<LinkName, TcpProxy>;

export interface OpenLinks {
  links: Links;
  /** For `startSystem({ via })`. */
  via: NonNullable<SystemOptions['via']>;
  close(): Promise<void>;
}

/** @example const { links, via, close } = await openLinks(); const world = await World.open({ via }); */
export async function openLinks(): Promise<OpenLinks> {
  const opened = await Promise.all(LINKS.map(async (name) => [name, await openLink()] as const));
  const links = Object.fromEntries(opened.map(([name, { proxy }]) => [name, proxy])) as Links;
  const via = Object.fromEntries(opened.map(([name, { ports }]) => [name, ports])) as OpenLinks['via'];
  return { links, via, close: async () => void (await Promise.all(opened.map(([, { proxy }]) => proxy.close()))) };
}

async function openLink() {
  const ports = { proxy: await freePort(), target: await freePort() };
  return { proxy: await TcpProxy.listen(ports.proxy, ports.target), ports };
}
