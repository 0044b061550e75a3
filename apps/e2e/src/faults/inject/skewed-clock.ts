/*
 * A preload (`node --import`): in this process the clock is so far off as COUNTERSIGN_FAULT_CLOCK_MS says. Timers and `performance`
 * run as they do, as they do in a process whose machine was given a wrong time.
 */
const offMs = Number(process.env['COUNTERSIGN_FAULT_CLOCK_MS'] ?? 0);
const RealDate = Date;
const now = (): number => RealDate.now() + offMs;

const SkewedDate = new Proxy(RealDate, {
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
  apply: () => new RealDate(now()).toString(),
  get: (target, name, receiver) => (name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown)),
});
RealDate.prototype.constructor = SkewedDate;
globalThis.Date = SkewedDate;
