/** Jest says what became of a file's tests once all have ended; this says it of each as it ends, and of a failed one why. */
export default class Progress {
  onTestCaseResult(_, { status, ancestorTitles, title, duration, failureMessages }) {
    const mark = { passed: 'ok', failed: 'NO' }[status] ?? '--';
    const seconds = ((duration ?? 0) / 1000).toFixed(1);
    process.stderr.write(`  ${mark} ${[...ancestorTitles.slice(1), title].join(': ')} (${seconds} s)\n`);
    for (const message of failureMessages ?? []) process.stderr.write(`${message.slice(0, 2_000)}\n`);
  }
}
