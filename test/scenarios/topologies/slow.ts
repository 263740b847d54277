import { defineTopology, Type } from 'moka';

const Task = Type.Object({ id: Type.String(), burnMs: Type.Number(), padding: Type.Optional(Type.String()) });

/** Each event keeps its partition busy for as long as it says. */
export const topology = defineTopology('slow', (t) => {
  t.stream('tasks', { schema: Task, key: 'id', id: 'id' })
    .map('burn', (task) => {
      const until = performance.now() + task.burnMs;
      while (performance.now() < until);
      return { id: task.id };
    })
    .toTable('done-tasks')
    .toView('done');
});
