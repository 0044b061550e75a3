import { Page } from '../../ui/page.js';

export function PipelinePage() {
  return <Page title="Pipeline" />;
}
