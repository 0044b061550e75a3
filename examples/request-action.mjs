// @ts-check
// A program of your own asks for one tool call over HTTP: the same rules, no model.
import { Client } from '@countersign/client';
import { setting } from './settings.mjs';

const url = setting('COUNTERSIGN_URL', "the gateway's origin, as `npm start` prints it");
const token = setting('TOKEN', "the user's token, such as `npx countersign token alice` prints");
const [orderId = 'ord_1001', amount = '5.00'] = process.argv.slice(2);

const client = new Client({ url, token });
const request = {
  workflow: 'support-desk',
  session: 'example',
  tool: 'issue_refund',
  arguments: { orderId, amount, currency: 'EUR', reason: 'It came late.' },
};
// The same order and amount are the same request here: a repeat is no second refund.
const { actionId } = await client.requestAction(request, { idempotencyKey: `example-${orderId}-${amount}` });
const action = await client.waitForAction(actionId);
if (action.state === 'waiting') console.log(`${actionId} waits for a person: approval ${action.approvalId}`);
else
  console.log(
    `${actionId} ${action.outcome ?? action.state}${action.code ? ` ${action.code}: ${action.nextStep}` : ''}`,
  );
