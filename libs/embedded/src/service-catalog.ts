/** The product's services, in the order in which a list of them is shown. */
export const CORE_SERVICES = ['policy', 'planner', 'approval', 'executor', 'audit', 'gateway'] as const;
/** What stands in for the world around the product. */
export const OUTSIDE_SERVICES = ['helpdesk', 'model', 'identity'] as const;
export const SERVICES = [...OUTSIDE_SERVICES, ...CORE_SERVICES] as const;

export type CoreService = (typeof CORE_SERVICES)[number];
export type OutsideService = (typeof OUTSIDE_SERVICES)[number];
export type Service = (typeof SERVICES)[number];

const FOLDERS: Partial<Record<Service, string>> = { model: 'stand-in-model', identity: 'identity-provider' };

/** Its folder under `apps/`. */
export const folderOf = (service: Service): string => FOLDERS[service] ?? service;
