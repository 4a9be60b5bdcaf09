//! Making the choices of a run that fails fewer and smaller.

/// The shortest and smallest choices that this finds and for which `fails` still holds, beginning with `choices`, for
/// which it does. It is asked a few hundred times at most for a list of ordinary length.
pub fn shrink(choices: Vec<usize>, fails: impl FnMut(&[usize]) -> bool) -> Vec<usize> {
    let mut fails = fails;
    let mut best = choices;
    let mut better = true;
    while better {
        better = shorten(&mut best, &mut fails);
        better |= lower(&mut best, &mut fails);
    }
    // Choices that are not given are 0.
    while best.last() == Some(&0) {
        best.pop();
    }
    best
}

/// Leaves pieces out, large ones first.
fn shorten(best: &mut Vec<usize>, fails: &mut impl FnMut(&[usize]) -> bool) -> bool {
    let mut better = false;
    let mut length = best.len();
    while length > 0 {
        let mut from = 0;
        while from < best.len() {
            let to = (from + length).min(best.len());
            let without = [&best[..from], &best[to..]].concat();
            if fails(&without) {
                *best = without;
                better = true;
            } else {
                from = to;
            }
        }
        length /= 2;
    }
    better
}

/// Takes earlier options: the first, or the one before.
fn lower(best: &mut Vec<usize>, fails: &mut impl FnMut(&[usize]) -> bool) -> bool {
    let mut better = false;
    for at in 0..best.len() {
        for smaller in [0, best[at].saturating_sub(1)] {
            if at < best.len() && smaller < best[at] {
                let mut lower = best.clone();
                lower[at] = smaller;
                if fails(&lower) {
                    *best = lower;
                    better = true;
                }
            }
        }
    }
    better
}

#[cfg(test)]
mod tests {
    use super::shrink;

    #[test]
    fn what_does_not_matter_goes() {
        let mut asked = 0;
        let choices: Vec<usize> = (0..200).map(|n| n % 7).collect();
        let shrunk = shrink(choices, |choices| {
            asked += 1;
            let threes = choices.iter().filter(|choice| **choice >= 3).count();
            threes >= 2
        });
        assert_eq!(shrunk, [3, 3]);
        assert!(asked < 1000, "{asked}");
    }

    #[test]
    fn what_always_fails_needs_no_choice() {
        assert_eq!(shrink(vec![4, 5, 6], |_| true), []);
    }
}
