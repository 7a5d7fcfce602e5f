import { expect, test, vi } from "husako/test";

const named = (name: string) => vi.fn((...args: unknown[]) => args[0]).mockName(name);

function called(...calls: unknown[][]) {
  const mock = named("save");
  for (const call of calls) mock(...call);
  return mock;
}

test("toHaveBeenCalled", () => expect(vi.fn()).toHaveBeenCalled());
test("not.toHaveBeenCalled", () => expect(called([1, "a"], [])).not.toHaveBeenCalled());
test("toHaveBeenCalled of what is no mock", () => expect(() => {}).toHaveBeenCalled());
test("toHaveBeenCalled with an argument", () => (expect(vi.fn()).toHaveBeenCalled as (x: number) => void)(1));
test("toHaveBeenCalledTimes", () => expect(called([1])).toHaveBeenCalledTimes(2));
test("not.toHaveBeenCalledTimes", () => expect(called([1])).not.toHaveBeenCalledTimes(1));
test("toHaveBeenCalledTimes of a fraction", () => expect(called()).toHaveBeenCalledTimes(1.5));
test("toHaveBeenCalledOnce", () => expect(called([1], [2])).toHaveBeenCalledOnce());
test("toHaveBeenCalledWith, never called", () => expect(called()).toHaveBeenCalledWith(1));
test("toHaveBeenCalledWith, one call", () => expect(called([1, 2])).toHaveBeenCalledWith(1, 3));
test("toHaveBeenCalledWith, an object", () => expect(called([{ replicas: 1 }])).toHaveBeenCalledWith({ replicas: 2 }));
test("toHaveBeenCalledWith, several calls", () => expect(called([1], [], [3], [4])).toHaveBeenCalledWith(5));
test("not.toHaveBeenCalledWith", () => expect(called([1], [2], [1])).not.toHaveBeenCalledWith(1));
test("toHaveBeenCalledExactlyOnceWith", () => expect(called([1], [1])).toHaveBeenCalledExactlyOnceWith(1));
test("toHaveBeenLastCalledWith", () => expect(called([1], [2], [3])).toHaveBeenLastCalledWith(1));
test("not.toHaveBeenLastCalledWith", () => expect(called([1])).not.toHaveBeenLastCalledWith(1));
test("toHaveBeenNthCalledWith", () => expect(called([1], [2], [3])).toHaveBeenNthCalledWith(2, 3));
test("toHaveBeenNthCalledWith, too few", () => expect(called([1], [2])).toHaveBeenNthCalledWith(4, 1));
test("toHaveBeenNthCalledWith, no number", () => expect(called()).toHaveBeenNthCalledWith(0, 1));
test("toHaveBeenCalledBefore", () => {
  const first = called([1]);
  const second = named("send");
  second();
  expect(second).toHaveBeenCalledBefore(first);
});
test("toHaveBeenCalledAfter", () => expect(called([1])).toHaveBeenCalledAfter(named("send")));

function throwing() {
  const mock = vi.fn((throws: boolean) => {
    if (throws) throw new Error("no");
    return "yes";
  });
  for (const throws of [true, false]) {
    try {
      mock(throws);
    } catch {
      // As meant.
    }
  }
  return mock;
}

test("toHaveReturned", () => expect(vi.fn()).toHaveReturned());
test("not.toHaveReturned", () => expect(throwing()).not.toHaveReturned());
test("toHaveReturnedTimes", () => expect(throwing()).toHaveReturnedTimes(2));
test("toHaveReturnedWith", () => expect(throwing()).toHaveReturnedWith("no"));
test("toHaveLastReturnedWith", () => expect(throwing()).toHaveLastReturnedWith("no"));
test("toHaveNthReturnedWith", () => expect(throwing()).toHaveNthReturnedWith(1, "yes"));

async function settling() {
  const mock = vi.fn((how: number) => {
    if (how === 0) return Promise.resolve("done");
    return how === 1 ? Promise.reject(new Error("no")) : new Promise(() => {});
  });
  mock(0);
  await expect(mock(1)).rejects.toThrow("no");
  mock(2);
  return mock;
}

test("toHaveResolved", () => expect(vi.fn()).toHaveResolved());
test("toHaveResolvedTimes", async () => expect(await settling()).toHaveResolvedTimes(2));
test("toHaveResolvedWith", async () => expect(await settling()).toHaveResolvedWith("no"));
test("toHaveLastResolvedWith", async () => expect(await settling()).toHaveLastResolvedWith("done"));
test("toHaveNthResolvedWith", async () => expect(await settling()).toHaveNthResolvedWith(2, "done"));
