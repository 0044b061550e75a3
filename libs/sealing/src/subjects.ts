/**
 * Under whom values are filed. A record's are under its data subject; what somebody said, or wrote into a text, is under whom it is
 * about or who said it, apart from those: it may be anybody's. To erase one subject closes both, and every other place in which
 * somebody mentioned the same values.
 */
export const SAID = 'said/';

/** As the store holds it: bounded, without control characters or halves of characters. */
export function subjectName(subject: string, said = false): string {
  const clean = subject
    .replace(/[\u0000-\u001f\u007f]/g, '?')
    .slice(0, 200)
    .toWellFormed();
  return said ? `${SAID}${clean}` : clean;
}
