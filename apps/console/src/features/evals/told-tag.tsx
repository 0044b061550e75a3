import { Tag, type Tone as TagTone } from '../../ui/tag.js';
import type { Told, Tone } from './run.js';

const TONES: Record<Tone, TagTone> = { good: 'good', bad: 'bad', unknown: 'warn', neutral: 'plain' };

export const ToldTag = ({ told: { tone, words } }: { told: Told }) => <Tag tone={TONES[tone]}>{words}</Tag>;
