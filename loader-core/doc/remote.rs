# use loader_core::{
#     ArenaMemoryManager, MemoryError, Object, Plan, RemoteMemoryManager, Scratch, SegmentKind,
#     SegmentRequest, StaticArena, TargetAddress, TargetMemory, UnprotectedPlatform,
# };
# struct Wire;
# impl TargetMemory for Wire {
#     fn reserve(&self, request: SegmentRequest) -> Result<TargetAddress, MemoryError> {
#         Ok(TargetAddress::new(0x8000_0000 + 0x1_0000 * request.kind as u64))
#     }
#     fn seal(&self, _: SegmentKind, _: TargetAddress, _: &[u8]) -> Result<(), MemoryError> {
#         Ok(())
#     }
#     fn release(&self, _: SegmentKind, _: TargetAddress, _: usize) {}
# }
# static ARENA: StaticArena<0x1000> = StaticArena::new();
# fn main() -> Result<(), Box<dyn std::error::Error>> {
# let arena = ARENA.take().expect("taken once");
# let local = ArenaMemoryManager::shared(arena, 16, UnprotectedPlatform);
# let objects = [Object::parse("answer.o", include_bytes!("../../doc/answer.o"))?];
# let mut scratch = [Scratch::ZERO; 32];
# let question = |_: loader_core::Name<'_>| Some(TargetAddress::new(0x8000_4000));
let remote = RemoteMemoryManager::new(&local, Wire); // `Wire` is a `TargetMemory`
let plan = Plan::new(&objects, &mut scratch)?;
let module = plan.place(&remote)?.resolve(&question)?.seal()?;
