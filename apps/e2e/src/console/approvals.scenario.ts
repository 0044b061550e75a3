import { expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { ask } from './asked.js';
import { axe } from './browser.js';
import type { ConsoleWorld } from './console-world.js';
import { focusOn, tabTo } from './keyboard.js';

const amountsOf = async ({ world }: ConsoleWorld, order: string) =>
  (await world.helpdesk.ledger()).filter(({ record }) => record === order).map(({ amount }) => Number(amount));

/** Asks for a refund that needs a person; the item's address, once a lead sees it. */
async function askedOf(world: ConsoleWorld, order: string, amount = 900): Promise<{ at: string; intentId: string }> {
  const intentId = await ask(world, 'alice', `Please refund ${amount} € on order ${order}, it all came back.`);
  const item = await (await world.world.person('bob')).approvalOf(intentId);
  if (!item) throw new Error(`nobody was asked to approve a refund on ${order}`);
  return { at: `/approvals/${item.approvalId}`, intentId };
}

const press = async (page: Page, target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab') => {
  await tabTo(page, target, key);
  await page.keyboard.press('Enter');
};

/** Opens the dialog, sees that a key pressed too long does nothing, says why, and decides: with the keyboard alone. */
async function decide(page: Page, verb: 'Approve' | 'Reject', reason: string): Promise<void> {
  await press(page, page.getByRole('button', { name: `${verb}…` }));
  const dialog = page.getByRole('dialog', { name: `${verb} this` });
  const cancel = dialog.getByRole('button', { name: 'Cancel' });
  await focusOn(cancel);
  const field = dialog.getByLabel(/^Reason/);
  // What was typed of another item that stood here before is kept.
  if ((await field.inputValue()) === '') {
    expect(await dialog.getByRole('button', { name: verb, exact: true }).isDisabled()).toBe(true);
    await tabTo(page, field, 'Shift+Tab');
    await page.keyboard.type(reason);
  }
  await press(page, dialog.getByRole('button', { name: verb, exact: true }));
  await dialog.waitFor({ state: 'detached' });
}

/** A lead approves what changed under their eyes: they see what changed, decide anew, and it happens once. */
export function staleApprovalScenario(open: () => ConsoleWorld): void {
  it('is shown with what changed in between, decided anew and done once, by keyboard alone', async () => {
    const world = open();
    const order = 'ord_14001';
    const { intentId } = await askedOf(world, order);
    await world.inWindow('bob', '/approvals', {}, async (page) => {
      await press(page, page.getByRole('link', { name: `Issue refund · 900.00 EUR · order ${order}` }));
      await page.getByRole('row', { name: 'refunded 0.00 900.00' }).waitFor();
      const refund = { orderId: order, amount: '50.00', currency: 'EUR', reason: 'by hand' };
      await world.world.helpdesk.refund(world.world.system.helpdeskToken('acme'), `behind-${order}`, refund);
      await decide(page, 'Approve', 'The parcel came back, I looked.');

      const changed = page.getByRole('alert').filter({ hasText: 'It has changed since you looked' });
      await changed.getByRole('row', { name: /refunded after 900\.00 950\.00/ }).waitFor();
      expect(await amountsOf(world, order)).toEqual([50]);
      await decide(page, 'Approve', 'never typed: the reason was kept');
      await page.getByText('committed: it is done').waitFor();
      await page.getByText(/bob approved it .*: The parcel came back, I looked\./).waitFor();
      await page.getByText(/^What it changed: helpdesk order/).waitFor();
    });
    expect(await amountsOf(world, order)).toEqual([50, 900]);
    const intent = await (await world.world.person('alice')).intent(intentId);
    expect(intent?.actions.at(-1)).toMatchObject({ outcome: 'committed' });
  });
}

export function approvalsScenario(open: () => ConsoleWorld): void {
  staleApprovalScenario(open);

  it('is edited to less in a form of the tool’s own, and approved by who edited it', async () => {
    const world = open();
    const { at } = await askedOf(world, 'ord_14002');
    await world.inWindow('carol', at, {}, async (page) => {
      await press(page, page.getByRole('button', { name: 'Edit…' }));
      const dialog = page.getByRole('dialog', { name: 'Edit this' });
      const amount = dialog.getByRole('textbox', { name: /^amount/ });
      await amount.waitFor();
      expect(await axe(page)).toEqual([]);
      await amount.fill('lots');
      await dialog.getByLabel(/^Why you change it/).fill('Half of it is theirs to keep.');
      await dialog.getByRole('button', { name: 'Change it' }).click();
      await dialog.getByText('This does not have the form that the tool takes.').waitFor();
      await amount.fill('500.00');
      await dialog.getByRole('button', { name: 'Change it' }).click();
      await page.getByText('carol has changed it').waitFor();
      await page
        .getByRole('row', { name: /^amount 900\.00 500\.00$/ })
        .first()
        .waitFor();
      expect(await axe(page)).toEqual([]);
      await decide(page, 'Approve', 'never typed: the reason was kept');
      await page.getByText('committed: it is done').waitFor();
    });
    expect(await amountsOf(world, 'ord_14002')).toEqual([500]);
  });

  it('is rejected for a reason that reaches who asked; claimed by one it is nobody else’s', async () => {
    const world = open();
    const { at, intentId } = await askedOf(world, 'ord_14003');
    await world.inWindow('bob', at, { width: 320, dark: true }, async (page) => {
      await page.getByRole('button', { name: 'Claim for 10 minutes' }).click();
      await page.getByText('You have claimed it').waitFor();
      expect(await axe(page)).toEqual([]);
      await world.inWindow('carol', at, {}, async (other) => {
        await other.getByText('bob has claimed it').waitFor();
        expect(await other.getByRole('button', { name: 'Approve…' }).isDisabled()).toBe(true);
      });
      await world.inWindow('alice', at, {}, async (other) => {
        await other.getByText('Others decide it: you see how it stands.').waitFor();
        expect(await other.getByRole('button', { name: 'Approve…' }).count()).toBe(0);
      });
      await decide(page, 'Reject', 'The parcel never reached us.');
      await page.getByRole('region', { name: 'How it stands' }).getByText('denied', { exact: true }).waitFor();
    });
    const intent = await (await world.world.person('alice')).intent(intentId);
    expect(intent?.actions.at(-1)).toMatchObject({ outcome: 'denied', code: 'APPROVAL_REJECTED' });
    expect(intent?.reply).toContain('The parcel never reached us.');
    await world.inWindow('bob', '/approvals?tab=decided', {}, async (page) => {
      await page.getByRole('row', { name: /order ord_14003.*denied/ }).waitFor();
    });
    expect(await amountsOf(world, 'ord_14003')).toEqual([]);
  });

  it('is decided in one go with its equals, each with a result of its own', async () => {
    const world = open();
    const orders = ['ord_14004', 'ord_14005'];
    for (const order of orders) await askedOf(world, order, 120);
    await world.inWindow('carol', '/approvals', {}, async (page) => {
      for (const order of orders)
        await page
          .getByRole('checkbox', { name: `Select: Issue refund · 120.00 EUR · order ${order}, asked by alice` })
          .check();
      await page.getByRole('button', { name: 'Approve…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Approve 2 items' });
      await dialog.getByLabel(/^Reason/).fill('Both parcels are back.');
      expect(await axe(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Approve 2' }).click();
      const done = page.getByRole('dialog', { name: 'What became of each' });
      await done.getByText('taken').nth(1).waitFor();
      await done.getByRole('button', { name: 'Done' }).click();
      // Nothing jumps: they stay where they stood until the list is tidied.
      await page.getByRole('button', { name: /^Clear \d+ no longer here$/ }).click();
      await page.getByRole('row', { name: /ord_14004/ }).waitFor({ state: 'detached' });
    });
    const bob = await world.world.person('bob');
    await bob.sees('/v1/approvals?status=open&limit=100', (body) => !JSON.stringify(body).includes('ord_1400'));
    for (const order of orders) {
      await expect(bob.sees('/v1/approvals?limit=100', (body) => isApproved(body, order))).resolves.toBe(true);
    }
  });
}

const isApproved = (body: unknown, order: string) =>
  (body as { data: { status: string; arguments?: { orderId?: string } }[] }).data.some(
    ({ status, arguments: args }) => status === 'approved' && args?.orderId === order,
  );
