import { getRouteApi } from '@tanstack/react-router';
import { RunView } from './run-view.js';
import { RunsView } from './runs-view.js';

const route = getRouteApi('/evals');

/** The runs, or one of them. */
export function EvalsPage() {
  const { run } = route.useSearch();
  return run === undefined ? <RunsView /> : <RunView key={run} id={run} />;
}
