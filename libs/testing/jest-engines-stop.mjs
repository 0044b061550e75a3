export default async function stop() {
  await globalThis.countersignTestEngines?.stop();
}
