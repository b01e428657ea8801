//! Medians, ratios, and how something grows.

/// The value in the middle; of an even number, the mean of the two there. 0 of none.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.get(middle), values.len().is_multiple_of(2)) {
        (None, _) => 0.0,
        (Some(&value), false) => value,
        (Some(&value), true) => f64::midpoint(value, values[middle - 1]),
    }
}

/// The exponent `e` of the `c * size^e` that fits best, by least squares over the logarithms; none
/// for fewer than two sizes, or where something is not positive.
///
/// 1 is linear, 2 quadratic; what a start costs, whatever the size, takes from it.
pub fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    let positive = points.iter().all(|&(size, value)| size > 0.0 && value > 0.0);
    if !positive {
        return None;
    }
    let logs = || points.iter().map(|&(size, value)| (size.ln(), value.ln()));
    let count = points.len() as f64;
    let (sum_x, sum_y) = logs().fold((0.0, 0.0), |(x, y), (at, value)| (x + at, y + value));
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let (mut covariance, mut variance) = (0.0, 0.0);
    for (x, y) in logs() {
        covariance += (x - mean_x) * (y - mean_y);
        variance += (x - mean_x).powi(2);
    }
    (variance > 1e-9).then(|| covariance / variance)
}

/// Seconds as people read them: three digits, and a unit.
pub fn seconds(seconds: f64) -> String {
    let (value, unit) = match seconds {
        ..1e-6 => (seconds * 1e9, "ns"),
        1e-6..1e-3 => (seconds * 1e6, "µs"),
        1e-3..1.0 => (seconds * 1e3, "ms"),
        _ => (seconds, "s"),
    };
    format!("{} {unit}", digits(value))
}

/// How many times as much, in three digits.
pub fn times(ratio: f64) -> String {
    match ratio {
        1000.0.. => format!("{}×", crate::show::number(ratio.round() as u64)),
        _ => format!("{}×", digits(ratio)),
    }
}

/// A number in three digits, or all before the point.
pub fn digits(value: f64) -> String {
    match value {
        ..9.995 => format!("{value:.2}"),
        ..99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 100.0]), 3.0);
        assert_eq!(median([4.0, 1.0, 2.0, 100.0]), 3.0);
        assert_eq!(median([]), 0.0);
    }

    #[test]
    fn powers_are_found() {
        let sizes = [3e3, 3e4, 3e5, 3e6];
        for (power, factor) in [(1.0, 4e-9), (2.0, 1e-9), (0.0, 5.0), (1.05, 7.0)] {
            let points = sizes.map(|size| (size, factor * f64::powf(size, power)));
            let found = exponent(&points).unwrap();
            assert!((found - power).abs() < 1e-9, "{power}: {found}");
        }
    }

    #[test]
    fn a_quadratic_part_shows() {
        let at = |size: f64| (size, 4e-9 * size + 1e-13 * size * size);
        let found = exponent(&[3e3, 3e4, 3e5, 3e6].map(at)).unwrap();
        assert!(found > 1.2, "{found}");
    }

    #[test]
    fn one_size_has_no_growth() {
        assert_eq!(exponent(&[]), None);
        assert_eq!(exponent(&[(3e3, 1.0)]), None);
        assert_eq!(exponent(&[(3e3, 1.0), (3e3, 2.0)]), None);
        assert_eq!(exponent(&[(3e3, 0.0), (3e4, 2.0)]), None);
    }

    #[test]
    fn numbers_have_three_digits() {
        let shown = [12e-9, 1.5e-6, 123.4e-6, 0.0789, 1.0, 75.25].map(seconds);
        assert_eq!(shown, ["12.0 ns", "1.50 µs", "123 µs", "78.9 ms", "1.00 s", "75.2 s"]);
        assert_eq!(
            [0.5, 9.996, 22.04, 512.4, 7900.6].map(times),
            ["0.50×", "10.0×", "22.0×", "512×", "7,901×"]
        );
    }
}
