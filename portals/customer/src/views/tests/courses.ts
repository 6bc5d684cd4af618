//! Modules by course, with how far somebody has come. In: the service's modules and progress. Out: what there is to do for each certificate. Pure.

import type { Module, Progress } from "./types";

export interface Step {
  readonly module: Module;
  readonly passed: boolean;
  /** It was begun last. */
  readonly current: boolean;
}

export interface Course {
  readonly name: string;
  readonly progress: Progress | undefined;
  /** Modules, and last the final assessment. */
  readonly steps: readonly Step[];
  /** What is still to pass. */
  readonly open: readonly Module[];
  /** Whether there is a final assessment: without one there is no certificate. */
  readonly hasFinal: boolean;
}

/** Courses by name. What is retired is shown to whoever has passed it, and needed by nobody. */
export function courses(modules: readonly Module[], progress: readonly Progress[]): Course[] {
  const names = [...new Set(modules.map((module) => module.course))].sort();
  return names
    .map((name) =>
      course(
        name,
        modules.filter((module) => module.course === name),
        progress,
      ),
    )
    .filter((found) => found.steps.length > 0);
}

function course(name: string, modules: readonly Module[], all: readonly Progress[]): Course {
  const progress = all.find((each) => each.course === name);
  const passed = (module: Module) =>
    isFinal(module) ? Boolean(progress?.final_passed_at) : (progress?.modules_completed.includes(module.code) ?? false);
  const steps = modules
    .filter((module) => !module.retired || passed(module))
    .map((module) => ({ module, passed: passed(module), current: progress?.current_module === module.code }))
    .sort((one, other) => Number(isFinal(one.module)) - Number(isFinal(other.module)));
  return {
    name,
    progress,
    steps,
    open: steps.filter((step) => !step.passed && !step.module.retired).map((step) => step.module),
    hasFinal: steps.some((step) => isFinal(step.module)),
  };
}

export function isFinal(module: Module): boolean {
  return module.test_type === "final_assessment";
}
