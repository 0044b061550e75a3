/** Words as the stand-in compares them: lower case, cut to a stem, and one word for those that mean the same at a support desk. */
const MEANINGS: Record<string, string> = Object.fromEntries(
  Object.entries({
    refund: 'refund reimburse reimbursement repay repayment moneyback',
    ticket: 'ticket case complaint complain',
    create: 'create open file raise make log start add record register',
    issue: 'issue give grant process pay send',
    waive: 'waive forgive drop',
    cancel: 'cancel stop end terminate',
    change: 'change update edit modify correct set promote demote',
    delete: 'delete remove erase',
    draft: 'draft write compose',
    reply: 'reply answer response respond',
    close: 'close resolve',
    invoice: 'invoice bill',
    entitlement: 'entitlement entitle benefit feature perk',
    subscription: 'subscription subscribe plan renewal renew',
    customer: 'customer client buyer who',
    order: 'order purchase shipment ship deliver delivery parcel package arrive',
  }).flatMap(([meaning, words]) => words.split(' ').map((word) => [stem(word), meaning])),
);

const STOP = new Set(
  'a an the of for to in on at by with from and or is are was were be been it its this that one my me i you your we our please has have had do does did will would can could not no as if so than then there here what when where which how why up about into over under their they them he she his her use when whether id ids'.split(
    ' ',
  ),
);

function stem(word: string): string {
  const cut = word
    .toLowerCase()
    .replace(/(?<=[a-z]{3})ies$/, 'y')
    .replace(/(?<=[a-z]{3})(ing|ed|es|s)$/, '');
  return cut.replace(/([bdgmnprt])\1$/, '$1').replace(/(?<=[a-z]{3})e$/, '');
}

/** The meaning of one word. */
export const meaningOf = (word: string): string => MEANINGS[stem(word)] ?? stem(word);

/** `createTicket`, `create_ticket` and `create-ticket` as their words. */
export const partsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
    .map((part) => part.toLowerCase());

/** The meanings in a text that say something, in order. */
export const meaningsIn = (text: string): string[] =>
  (text.toLowerCase().match(/[a-z][a-z']*/g) ?? []).filter((word) => !STOP.has(word) || word === 'who').map(meaningOf);

const BACK = /(money|[€$£]|\d|\b(?:eur|euros?|usd|dollars?|gbp|pounds?))\s+back\b/gi;

/** A text's words, each with its meaning; "18 EUR back" asks for a refund. */
export const wordsOf = (text: string): { word: string; meaning: string }[] =>
  (text.replace(BACK, '$1 moneyback').match(/[A-Za-z][A-Za-z']*/g) ?? []).map((word) => ({
    word: word.toLowerCase(),
    meaning: meaningOf(word),
  }));
