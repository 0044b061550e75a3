import { expect, it } from '@jest/globals';
import type { EventDraft } from '@countersign/contracts';
import { count, registry } from './metrics.js';

it('counts turns, the requests and tokens they took, and replies', async () => {
  const usage = { prompt: 100, completion: 20 };
  const emitted = [
    { type: 'countersign.model.called.v1', data: { attempts: 1, usage } },
    { type: 'countersign.model.called.v1', data: { attempts: 3, usage, error: 'no answer' } },
    { type: 'countersign.reply.sent.v1', data: { outcome: 'answered', fromModel: true } },
    {
      type: 'countersign.reply.sent.v1',
      data: { outcome: 'answered', fromModel: false, flagged: 'no record shows it' },
    },
    { type: 'countersign.reply.sent.v1', data: { outcome: 'failed', fromModel: false, code: 'MODEL_FAILED' } },
  ] as EventDraft[];
  count({ emitted, puts: new Map(), incoming: [] });
  const text = await registry.metrics();
  expect(text.split('\n').filter((line) => /^countersign_(model_[rt]|replies)/.test(line))).toEqual([
    'countersign_model_turns_total{outcome="answered"} 1',
    'countersign_model_turns_total{outcome="failed"} 1',
    'countersign_model_requests_total 4',
    'countersign_model_tokens_total{kind="prompt"} 200',
    'countersign_model_tokens_total{kind="completion"} 40',
    'countersign_replies_total{outcome="answered",code="",words="model"} 1',
    'countersign_replies_total{outcome="answered",code="",words="flagged"} 1',
    'countersign_replies_total{outcome="failed",code="MODEL_FAILED",words="outcomes"} 1',
  ]);
});
