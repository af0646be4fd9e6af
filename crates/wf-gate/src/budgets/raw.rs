//! The file's shape as it is written, with the place of everything that can be wrong.

use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) schema: Spanned<u32>,
    pub(super) policy: Option<Policy>,
    #[serde(default)]
    pub(super) rule: Vec<Rule>,
    #[serde(default)]
    pub(super) waiver: Vec<Waiver>,
    #[serde(default)]
    pub(super) promise: Vec<Promise>,
    #[serde(default)]
    pub(super) baseline: Vec<Spanned<Baseline>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    pub(super) alpha: Option<Spanned<f64>>,
    pub(super) looks: Option<Spanned<Vec<u32>>>,
    pub(super) inconclusive: Option<Spanned<String>>,
    pub(super) noise_limit: Option<Spanned<f64>>,
    pub(super) seed: Option<u64>,
    pub(super) sample_ms: Option<Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) id: Spanned<String>,
    pub(super) subject: Spanned<String>,
    pub(super) versus: Option<Spanned<String>>,
    pub(super) metric: Spanned<String>,
    pub(super) kind: Spanned<String>,
    pub(super) max: Option<Spanned<f64>>,
    pub(super) min: Option<Spanned<f64>>,
    pub(super) equal: Option<Spanned<f64>>,
    pub(super) tolerance: Option<Spanned<f64>>,
    pub(super) mode: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) needs: Vec<Spanned<String>>,
    pub(super) tier: Spanned<String>,
    pub(super) why: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Waiver {
    pub(super) rule: Spanned<String>,
    pub(super) measured: Spanned<f64>,
    pub(super) ratchet: Spanned<f64>,
    pub(super) reason: Spanned<String>,
    pub(super) until: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Baseline {
    pub(super) rule: Spanned<String>,
    pub(super) value: Spanned<f64>,
    pub(super) rustc: String,
    pub(super) target: String,
    pub(super) isa: String,
    pub(super) cpu: String,
    pub(super) reason: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Promise {
    pub(super) text: Spanned<String>,
    pub(super) source: Spanned<String>,
    #[serde(default)]
    pub(super) rules: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) elsewhere: Vec<Spanned<String>>,
}
