import { calls } from '../../target.js';
import { scripted, type Stage } from '../stage.js';

/** What a model puts out of its own: nobody said or showed it any of that. */
export async function output(stage: Stage): Promise<void> {
  const { dealer } = stage;
  const bye = { content: 'That is all.' };
  const one = (path: string) => dealer.one(path);
  const called = (name: string, args: object | string, more: object = {}) => {
    const said = calls([name, args]);
    return { ...said, tool_calls: said.tool_calls.map((call) => ({ ...call, ...more })) };
  };
  const ticket = { customerId: 'cus_5070', subject: 'Call back' };
  const asks = 'Open a ticket for cus_5070.';
  await Promise.all([
    scripted(stage, [{ content: `You can reach ${dealer.words("a model's words")}.` }]),
    scripted(stage, [
      { ...calls(['get_order', { orderId: 'ord_1001' }]), content: dealer.words("a model's words") },
      bye,
    ]),
    scripted(stage, [calls(['create_ticket', { ...ticket, body: dealer.words("a model's argument") }]), bye], asks),
    scripted(
      stage,
      [calls(['create_ticket', { ...ticket, [one("name of a model's argument")]: 'x', body: 'x' }]), bye],
      asks,
    ),
    scripted(stage, [called(one("a model's tool name"), {}), bye]),
    scripted(stage, [called('get_order', { orderId: 'ord_1001' }, { id: one("id of a model's call") }), bye]),
    scripted(stage, [called('get_order', `{"orderId": ${one("a model's invalid JSON")}`), bye]),
    scripted(stage, [called('get_order', `${one("a model's invalid JSON")}`), bye]),
    scripted(stage, [{ raw: `<html>${one("a model's broken answer")}</html>` }]),
    scripted(stage, [
      { raw: JSON.stringify({ choices: [{ message: { content: [one("a model's broken answer")] } }] }) },
    ]),
    scripted(stage, [{ status: 400, raw: JSON.stringify({ error: { message: one("a model's error") } }) }]),
    scripted(stage, [
      { content: JSON.stringify({ tool: 'get_order', arguments: { a: one('a call written out') } }) },
      bye,
    ]),
  ]);
}
