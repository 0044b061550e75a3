/** Polls until `check` answers something true; fails at the deadline with what it answered last. */
export async function until<T>(
  what: string,
  check: () => Promise<T> | T,
  timeoutMs = 40_000,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await check();
    if (answer) return answer as Exclude<T, false | null | undefined>;
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
