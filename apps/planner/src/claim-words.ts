/** What a word of a claim is about: what was done, or merely that something was (`any`). */
export type Deed =
  'refund' | 'delete' | 'change' | 'create' | 'issue' | 'cancel' | 'send' | 'draft' | 'approve' | 'any' | (string & {});

const listed = (words: string) => words.trim().split(/\s+/);
const table = (rows: Partial<Record<Deed, string>>): ReadonlyMap<string, Deed> =>
  new Map(Object.entries(rows).flatMap(([deed, words]) => listed(words!).map((word): [string, Deed] => [word, deed])));

/** Forms that say it is done, English and German first, the plain ones of French, Spanish, Italian and Dutch too. */
export const COMPLETED = table({
  refund: `refunded wired reimbursed repaid credited erstattet rückerstattet zurückerstattet zurückgezahlt zurücküberwiesen gutgeschrieben
    remboursé remboursée reembolsado reembolsada rimborsato rimborsata terugbetaald`,
  delete:
    'deleted removed erased purged wiped gelöscht entfernt supprimé supprimée eliminado eliminada eliminato verwijderd',
  change: `changed updated modified adjusted assigned promoted demoted granted revoked upgraded downgraded geändert aktualisiert
    angepasst zugewiesen befördert hochgestuft herabgestuft modifié modifiée cambiado cambiada modificato gewijzigd`,
  create: `created opened added raised filed registered angelegt erstellt eröffnet geöffnet hinzugefügt créé créée ouvert creado
    creada abierto creato aangemaakt`,
  issue:
    'issued processed initiated veranlasst ausgestellt angewiesen bearbeitet verarbeitet traité traitée procesado verwerkt',
  cancel: 'cancelled canceled terminated storniert gekündigt annulé annulée anulado annullato geannuleerd',
  send: 'sent emailed e-mailed mailed transferred gesendet verschickt versandt überwiesen envoyé enviado inviato verzonden',
  draft: 'drafted entworfen',
  approve: 'approved genehmigt bewilligt approuvé aprobado approvato goedgekeurd',
  any: `done handled submitted completed complete executed performed finalized finalised finished successful made settled erledigt abgeschlossen
    durchgeführt ausgeführt vorgenommen erfolgreich effectué effectuée hecho realizado fatto eseguito gedaan uitgevoerd`,
});

/** Names of deeds, as nouns of a claim and as words of a tool's name. */
export const NAMED = table({
  refund:
    'refund refunds reimbursement repayment erstattung rückerstattung rückzahlung gutschrift remboursement reembolso rimborso',
  delete: 'delete deletion remove removal erase erasure löschung suppression',
  change:
    'change changes update updates modify set assign promote grant promotion änderung änderungen aktualisierung anpassung',
  create: 'create open add creation',
  issue: 'issue',
  cancel: 'cancel cancellation stornierung storno kündigung',
  send: 'send mail',
  draft: 'draft drafts entwurf',
});

export const words = (text: string) => new Set(listed(text));
export const HELPERS = words(
  `has have had 've 's was were is are been got ist hat habe haben wurde wurden worden sind war waren`,
);
/** What makes it a possibility, a plan or a wish. */
export const MODALS = words(`will would shall should can could may might must cannot ca wo won to be being get 'll 'd
  wird werden würde würden kann können könnte soll sollte muss möchte darf`);
export const NEGATIONS = words(`not n't never no nothing none neither nor nobody without hardly unable failed
  nicht kein keine keinen keiner keines keinem nichts nie niemals weder noch niemand ohne
  ne pas non nunca ningún ninguna nada nessun niet geen niets`);
export const EMPTY =
  words(`already successfully now just fully also since then finally still only really indeed actually
  immediately since yet therefore so ever been bereits schon erfolgreich jetzt nun soeben gerade vollständig auch komplett damit
  yes ok okay sure great good fine ja gut alles all everything it this that es das dies - * • ✅ ✓ ✔`);
/** Helpers that stand apart from what they help. */
export const APART =
  words(`habe haben hat wurde wurden worden ist sind war waren ai avons a été est hemos sido ha abbiamo stato
  stata heb hebben werd zijn`);
export const SPEAKER = words("i we ich wir je nous yo ho ik we've i've");
export const OTHERS = words('you customer kunde kundin du');
export const ARTICLES = words(
  'the a an your his her their its this that of on for to at der die das ein eine ihre ihr euro eur usd gbp',
);
export const CONDITIONS = words('if unless once should falls wenn sobald');

/** Of the languages above. A text of some length without any is in none of them. */
export const COMMON =
  words(`the a an is was i you your of to and it for not no der die das und ist nicht ich sie ein eine wurde
  refund order customer ticket action request rejected denied refused approval approved failed needs never waits has have had
  be are were by with or if can could would nein ja abgelehnt kunde bestellung zu le la les un une est pas et de el los las que y no se il che non è di per het een niet en van ik`);

/** Deeds a tool's name speaks of, and its first word's own regular form. */
export function deedsOfTool(tool: string): Set<Deed> {
  const parts = tool.toLowerCase().split('_');
  return new Set(parts.flatMap((part) => [part, ...(NAMED.has(part) ? [NAMED.get(part)!] : [])]));
}

/** `ship_order` makes `shipped` a word of its own. */
export function completedBy(tools: readonly string[]): ReadonlyMap<string, Deed> {
  const forms = tools.flatMap((tool) => {
    const [verb = ''] = tool.toLowerCase().split('_');
    const past = [`${verb}ed`, `${verb}d`, `${verb}${verb.slice(-1)}ed`, verb.replace(/y$/, 'ied')];
    return past.filter((form) => form !== verb).map((form): [string, Deed] => [form, verb]);
  });
  return new Map([...forms, ...COMPLETED]);
}
