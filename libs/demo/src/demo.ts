import { burst, draftOnly, editedRefund, killed, ownApproval } from './gates.js';
import type { DemoRow } from './judge.js';
import { Stage, type DemoWorld } from './stage.js';

/** Runs the demo: twenty rows, as a product, an approver and a judge who looks from outside. */
export async function runDemo(world: DemoWorld): Promise<DemoRow[]> {
  const stage = await Stage.open(world);
  try {
    const rows = await Promise.all([
      stage.question(),
      stage.ticket(),
      stage.smallRefundTwice(),
      stage.largeRefund('approve'),
      stage.largeRefund('reject'),
      stage.serviceAccount(),
      stage.foreignToken(),
      stage.foreignOrder(),
      stage.deletionByAgent(),
      stage.deletionByAdmin(),
      stage.roleChange(),
      stage.changedOrder(),
      editedRefund(stage),
      ownApproval(stage),
      burst(stage),
    ]);
    // Alone at the end: a dropped answer would hit whichever write came next, and a switch stops whatever is on its way.
    const all = [
      ...rows.flat(),
      ...(await Promise.all([stage.lostAnswer(), draftOnly(stage)])),
      ...(await killed(stage)),
    ];
    await stage.closeBooks(all);
    return all;
  } finally {
    await stage.close();
  }
}
