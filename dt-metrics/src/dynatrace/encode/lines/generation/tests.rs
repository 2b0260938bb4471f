use crate::dynatrace::encode::lines::generation::{Generation, GenerationCache};

#[test]
fn an_entry_stays_while_it_is_used_and_one_generation_longer() {
    let mut cache = GenerationCache::new(0);
    assert_eq!(cache.get_or_insert_with("a", || 1), (&mut 1, true));
    assert_eq!(cache.get_or_insert_with("a", || 2), (&mut 1, false));
    cache.end_generation();
    assert_eq!(cache.get_or_insert_with("a", || 2), (&mut 1, true));
    cache.end_generation();
    cache.end_generation();
    assert_eq!(cache.get_mut("a"), Some(&mut 1));
    cache.end_generation();
    assert_eq!(cache.get_mut("a"), None);
}

#[test]
fn idle_entries_stay_while_there_are_few() {
    let mut cache = GenerationCache::new(2);
    cache.get_or_insert_with("a", || ());
    cache.get_or_insert_with("b", || ());
    for _ in 0..5 {
        cache.end_generation();
    }
    assert_eq!(cache.len(), 2);
    cache.get_or_insert_with("c", || ());
    cache.end_generation();
    assert_eq!((cache.len(), cache.get_mut("c")), (1, Some(&mut ())));
}

#[test]
fn generations_wrap_around() {
    let first = Generation::default();
    assert!(first.keeps(first.previous()) && !first.keeps(first.previous().previous()));
    assert_eq!(first.previous().next(), first);
}
